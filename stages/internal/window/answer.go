package window

import (
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Answer keeps the outcomes that the last batch was given. The same batch gets
// them again, if it comes again: by then the state knows its rows, and would
// take them for others like them.
type Answer struct {
	span     feature.Span
	outcomes [2][]feature.Outcome
}

// Restore gives the batch the outcomes of the last one, if it is the same.
func (a *Answer) Restore(rows *feature.Rows) bool {
	if rows.Span() != a.span || rows.Len() != len(a.outcomes[0]) {
		return false
	}
	for s := range a.outcomes {
		copy(rows.Outcomes[s], a.outcomes[s])
	}
	return true
}

// Keep takes the outcomes of a batch.
func (a *Answer) Keep(rows *feature.Rows) {
	a.span = rows.Span()
	for s := range a.outcomes {
		a.outcomes[s] = append(slices.Grow(a.outcomes[s][:0], rows.Len()), rows.Outcomes[s]...)
	}
}
