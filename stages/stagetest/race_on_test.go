//go:build race

package stagetest

const raceDetector = true
