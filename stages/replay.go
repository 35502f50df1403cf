package stages

import (
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// replay keeps the fates that the last batch was given. The same batch gets
// them again, if it comes again: by then the state knows its rows, and would
// take them for others like them.
type replay struct {
	span  feature.Span
	fates [2][]feature.Fate
}

// restore gives the batch the fates of the last one, if it is the same.
func (r *replay) restore(rows *feature.Rows) bool {
	if rows.Span() != r.span || rows.Len() != len(r.fates[0]) {
		return false
	}
	for s := range r.fates {
		copy(rows.Fates[s], r.fates[s])
	}
	return true
}

func (r *replay) keep(rows *feature.Rows) {
	r.span = rows.Span()
	for s := range r.fates {
		r.fates[s] = append(slices.Grow(r.fates[s][:0], rows.Len()), rows.Fates[s]...)
	}
}
