package kafka

import "time"

// LookingEvery is s with new partitions looked for that often.
func LookingEvery(s Source, d time.Duration) Source {
	s.growth = d
	return s
}
