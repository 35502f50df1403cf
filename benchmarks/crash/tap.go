package crash

import (
	"context"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// tap is a stage that hands on what it is given, past a point.
type tap[T any] struct {
	fault *Fault
	point Point
}

var (
	_ pipeline.Spec[feature.Records, feature.Records] = tap[feature.Records]{}
	_ pipeline.Spec[*feature.Rows, *feature.Rows]     = tap[*feature.Rows]{}
)

func (t tap[T]) Open(context.Context, *pipeline.Node) (pipeline.Stage[T, T], error) { return t, nil }

func (t tap[T]) Process(_ context.Context, in T, emit func(T)) error {
	t.fault.Reached(t.point)
	emit(in)
	return nil
}

// tapped is a sink with one point in its writes, and one before its receipts.
type tapped struct {
	pipeline.Sink
	fault *Fault
	half  Point // of what there is to write
	done  Point // it is durable, and the graph is about to hear of it
}

// Open has the sink tell the graph by way of the tap.
func (s *tapped) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	t := &tappedWriter{tapped: s}
	tap := *n
	tap.Durable = func(l *feature.Lane, done []feature.SpanTally) {
		if _, silent := t.silent.Load(l); silent {
			return
		}
		s.fault.Reached(s.done)
		n.Durable(l, done)
	}
	w, err := s.Sink.Open(ctx, &tap)
	if err != nil {
		return nil, err
	}
	t.Writer = w
	if k, ok := w.(pipeline.ProgressStore); ok {
		return tappedKeeper{t, k}, nil
	}
	return t, nil
}

type tappedWriter struct {
	*tapped
	pipeline.Writer
	silent sync.Map // lanes whose receipts are for a part of a batch
}

type tappedKeeper struct {
	*tappedWriter
	pipeline.ProgressStore
}

var (
	_ pipeline.RowChecker    = (*tappedWriter)(nil)
	_ pipeline.ProgressStore = tappedKeeper{}
)

// CheckRows is the sink's own.
func (t *tappedWriter) CheckRows(rows *feature.Rows, from int) (int, error) {
	if r, ok := t.Writer.(pipeline.RowChecker); ok {
		return r.CheckRows(rows, from)
	}
	return 0, nil
}

// Write passes the point. Rows that are in the online store before it are written again after it, as after any write
// that failed; a file is half written until a commit ends it.
func (t *tappedWriter) Write(ctx context.Context, l *feature.Lane, rows *feature.Rows) error {
	if t.fault.Point == OnlineHalf && t.half == OnlineHalf {
		if err := t.writeHalf(ctx, l, rows.Fork()); err != nil {
			return err
		}
		t.fault.Reached(OnlineHalf)
	}
	err := t.Writer.Write(ctx, l, rows)
	if t.half == FileHalf && err == nil {
		t.fault.Reached(FileHalf)
	}
	return err
}

func (t *tappedWriter) writeHalf(ctx context.Context, l *feature.Lane, rows *feature.Rows) error {
	outcomes := rows.Outcomes[t.Store()]
	for i := len(outcomes) / 2; i < len(outcomes); i++ {
		if outcomes[i] == feature.Pending {
			outcomes[i] = feature.Filtered
		}
	}
	t.silent.Store(l, true)
	defer t.silent.Delete(l)
	return t.Writer.Write(ctx, l, rows)
}
