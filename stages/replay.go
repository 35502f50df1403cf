package stages

import (
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// replay keeps the outcomes that the last batch was given. The same batch gets
// them again, if it comes again: by then the state knows its rows, and would
// take them for others like them.
type replay struct {
	span     feature.Span
	outcomes [2][]feature.Outcome
}

// restore gives the batch the outcomes of the last one, if it is the same.
func (r *replay) restore(rows *feature.Rows) bool {
	if rows.Span() != r.span || rows.Len() != len(r.outcomes[0]) {
		return false
	}
	for s := range r.outcomes {
		copy(rows.Outcomes[s], r.outcomes[s])
	}
	return true
}

func (r *replay) keep(rows *feature.Rows) {
	r.span = rows.Span()
	for s := range r.outcomes {
		r.outcomes[s] = append(slices.Grow(r.outcomes[s][:0], rows.Len()), rows.Outcomes[s]...)
	}
}
