package crash

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Tally is how often each fault happened.
type Tally map[string]int

// Add counts a fault that has happened.
func (t Tally) Add(fault string) { t[fault]++ }

// Never are those of the faults that didn't happen.
func (t Tally) Never(faults ...string) []string {
	return slices.DeleteFunc(faults, func(f string) bool { return t[f] > 0 })
}

// String is a line for each.
func (t Tally) String() string {
	var b strings.Builder
	for _, fault := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(&b, "%6d  %s\n", t[fault], fault)
	}
	return b.String()
}
