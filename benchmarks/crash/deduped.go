package crash

import (
	"context"
	"sync/atomic"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// deduped stands after Dedup and counts what it dropped, so that a child can tell whether that was any part of the test.
type deduped struct{ read, dropped atomic.Int64 }

// Open gives the same to all lanes.
func (d *deduped) Open(context.Context, *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return d, nil
}

// Process passes rows on.
func (d *deduped) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	for i := range rows.Len() {
		switch rows.Outcomes[feature.Offline][i] {
		case feature.Pending:
			d.read.Add(1)
		case feature.Duplicate:
			d.read.Add(1)
			d.dropped.Add(1)
		}
	}
	emit(rows)
	return nil
}

// none reports whether nothing was dropped of so many rows that something should have been.
func (d *deduped) none() bool { return d.read.Load() > 500 && d.dropped.Load() == 0 }
