package feature

import (
	"encoding/json"
	"iter"
)

// reasonNames are the reasons of the outcomes after Replayed. Stores keep counts by
// these words, so a word is for good.
var reasonNames = [...]string{"other feature group", "online only", "offline only", "unwanted", "far future"}

// Reasons counts the rows that were filtered by why they were. Rows of the
// plain outcome Filtered have none.
type Reasons [len(reasonNames)]int64

func (r *Reasons) count(f Outcome) {
	if f > Replayed {
		r[f-Replayed-1]++
	}
}

// All gives the reasons that there were, and how many rows had them.
func (r Reasons) All() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for i, n := range r {
			if n != 0 && !yield(reasonNames[i], n) {
				return
			}
		}
	}
}

// MarshalJSON writes an object of the reasons that there were.
func (r Reasons) MarshalJSON() ([]byte, error) {
	counts := map[string]int64{}
	for name, n := range r.All() {
		counts[name] = n
	}
	return json.Marshal(counts)
}

// UnmarshalJSON reads one. A reason that isn't known stays in the sum alone.
func (r *Reasons) UnmarshalJSON(b []byte) error {
	var counts map[string]int64
	if err := json.Unmarshal(b, &counts); err != nil {
		return err
	}
	for i, name := range reasonNames {
		r[i] = counts[name]
	}
	return nil
}
