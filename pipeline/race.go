//go:build race

package pipeline

// raceDetector is whether the program is built with -race.
const raceDetector = true
