package stages

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Batch gathers small batches into larger ones and never splits one. Without a
// Delay it costs no time: it gathers only while the next node is busy.
type Batch struct {
	MaxRows  int           // default 1,000; a larger batch passes as it is
	MaxBytes int           // of memory; default 16 MiB; a larger batch passes as it is
	Delay    time.Duration // how long rows may wait for others; default 0: until the next node is idle
}

var (
	_ pipeline.Spec[*feature.Rows, *feature.Rows] = Batch{}
	_ pipeline.Describer                          = Batch{}
	_ pipeline.Flusher[*feature.Rows]             = (*batch)(nil)
)

// Describe passes the schema on.
func (b Batch) Describe(in *feature.Schema) (*feature.Schema, error) {
	var errs []error
	if b.MaxRows < 0 {
		errs = append(errs, fmt.Errorf("negative MaxRows: %d", b.MaxRows))
	}
	if b.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("negative MaxBytes: %d", b.MaxBytes))
	}
	if b.Delay < 0 {
		errs = append(errs, fmt.Errorf("negative Delay: %v", b.Delay))
	}
	return in, errors.Join(errs...)
}

// Open makes the batcher of one lane.
func (b Batch) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return newBatch(b, n), nil
}

// batch is one lane's. Batches are held as they came and joined when they go,
// so that one that is alone isn't copied.
type batch struct {
	Batch
	node *pipeline.Node
	held []*feature.Rows
	rows int // in held; an empty batch counts as one
	size int
}

func newBatch(b Batch, node *pipeline.Node) *batch {
	if b.MaxRows == 0 {
		b.MaxRows = 1000
	}
	if b.MaxBytes == 0 {
		b.MaxBytes = 16 << 20
	}
	return &batch{Batch: b, node: node}
}

// Process holds a batch, and hands over what is held where it is time.
func (b *batch) Process(_ context.Context, in *feature.Rows, emit func(*feature.Rows)) error {
	rows, size := max(in.Len(), 1), in.Size()
	grown := len(b.held) > 0 && b.held[0].Schema != in.Schema // by a writer's new columns
	if grown || b.rows+rows > b.MaxRows || b.size+size > b.MaxBytes {
		b.release(emit)
	}
	b.held = append(b.held, in)
	b.rows += rows
	b.size += size
	switch {
	case b.rows >= b.MaxRows || b.size >= b.MaxBytes:
		b.release(emit)
	case b.Delay > 0:
		if len(b.held) == 1 {
			b.node.WakeAfter(b.Delay)
		}
	case b.node.Idle():
		b.release(emit)
	}
	return nil
}

// Flush hands over what is held. With a Delay rows wait for it even while the
// next node is idle.
func (b *batch) Flush(_ context.Context, why pipeline.FlushReason, emit func(*feature.Rows)) error {
	if why != pipeline.FlushIdle || b.Delay == 0 {
		b.release(emit)
	}
	return nil
}

func (b *batch) release(emit func(*feature.Rows)) {
	if len(b.held) == 0 {
		return
	}
	out := b.held[0]
	if len(b.held) > 1 {
		out = join(b.held)
	}
	clear(b.held)
	b.held, b.rows, b.size = b.held[:0], 0, 0
	emit(out)
}

// join copies batches into one. Their own columns may be shared with another
// branch of the graph, so none of them can take the others in.
func join(list []*feature.Rows) *feature.Rows {
	out := feature.NewRows(list[0].Schema, list[0].TopicPartition)
	rows := 0
	for _, r := range list {
		rows += r.Len()
	}
	reserveRows(out, rows)
	out.Records = make([]feature.Record, 0, rows)
	for i := range out.Columns {
		var e extent
		for _, r := range list {
			e.add(extentOf(&r.Columns[i]))
		}
		reserve(&out.Columns[i], e)
	}
	for _, r := range list {
		out.Extend(r)
	}
	return out
}
