package stages

import (
	"context"
	"errors"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Filter makes a stage that keeps the rows for which keep is true. The others,
// deletes among them, are counted as filtered.
func Filter(keep func(feature.Row) bool) pipeline.Spec[*feature.Rows, *feature.Rows] {
	return filter{keep}
}

type filter struct{ keep func(feature.Row) bool }

// Describe passes the schema on.
func (f filter) Describe(in *feature.Schema) (*feature.Schema, error) {
	if f.keep == nil {
		return in, errors.New("Filter of a nil function")
	}
	return in, nil
}

func (f filter) Open(context.Context, *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return f, nil
}

func (f filter) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	for i := range rows.Len() {
		if (rows.Pending(i) || rows.Replayed(i)) && !f.keep(rows.Row(i)) {
			rows.Drop(i, feature.Unwanted)
			rows.ExcludeFromReplay(i)
		}
	}
	emit(rows)
	return nil
}
