package main

import "slices"

// note is a figure that isn't of rows and seconds.
type note struct {
	part, at, unit string
	spread
}

// note adds a figure to its part.
func (s *suite) note(part, at, unit string, v spread) {
	n := note{part, at, unit, v}
	for i := len(s.notes); i > 0; i-- {
		if s.notes[i-1].part == part {
			s.notes = slices.Insert(s.notes, i, n)
			return
		}
	}
	s.notes = append(s.notes, n)
}
