package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// answer is what a node gave for a message, kept until that is acknowledged.
type answer struct {
	number int64
	out    []*envelope
}

// published reports whether all of an answer has entered the edge. A decorator
// of the router's publisher may leave something out without an error.
func (a *answer) published() bool {
	for _, e := range a.out {
		if !e.published.Load() {
			return false
		}
	}
	return true
}

// answer does the work of one message.
func (h *handler) answer(ctx context.Context, st *laneState, e *envelope) ([]*envelope, error) {
	out := &emission{h: h, st: st, e: e}
	sent := st.sent
	began := time.Now()
	err := inside(ctx, h.n, func(ctx context.Context) error { return h.work(ctx, st, e, out.emit) })
	h.n.Stats.Busy.Add(int64(time.Since(began)))
	out.over.Store(true)
	if err == nil {
		err = st.verify(h.n.Kind == Stage && st.run.Keeps(), out.list)
	}
	if err != nil {
		st.sent = sent
		return nil, err
	}
	if err := h.balance(st, e, out.list); err != nil {
		return nil, err
	}
	if e.kind == end && h.atEnd(st, e) {
		st.sent++
		out.list = append(out.list, &envelope{lane: e.lane, producer: h.n, number: st.sent, kind: end})
	}
	return out.list, nil
}

// emission gathers what a call of a stage emits.
type emission struct {
	h    *handler
	st   *laneState
	e    *envelope
	list []*envelope
	over atomic.Bool // the call has returned
}

func (o *emission) emit(batch any) {
	if o.over.Load() {
		o.h.s.fail(o.h.s.g.Locate(o.h.n.Name, placeOf(o.e), errors.New("emitted a batch after Process or Flush had returned")))
		return
	}
	o.st.sent++
	o.list = append(o.list, &envelope{lane: o.e.lane, producer: o.h.n, number: o.st.sent, batch: batch})
}

func (h *handler) work(ctx context.Context, st *laneState, e *envelope, emit func(any)) error {
	switch e.kind {
	case wake:
		st.awake.Store(false)
		if len(st.ended) > 0 {
			return nil // a timer that was on its way when the lane ended
		}
		return st.run.Flush(ctx, e.why, emit)
	case end:
		if len(st.ended) < h.producers(e.lane)-1 {
			return nil
		}
		return st.run.Flush(ctx, LaneEnds, emit)
	}
	batch := e.batch
	if rows, ok := batch.(*feature.Rows); ok && h.shared {
		batch = rows.Fork()
	}
	if h.s.g.Verify {
		st.keepSnapshot(batch)
	}
	h.n.Stats.Batches.Add(1)
	h.n.Stats.Rows.Add(int64(size(batch)))
	h.n.Stats.waited(h.s.lanes.Waiting(h.n.in(), h.n.Name, e.lane.id))
	return st.run.Process(ctx, batch, emit)
}

// atEnd notes a producer's end and reports whether the lane goes on from here:
// not before every producer has ended, and never from a sink, whose end follows
// its last receipt.
func (h *handler) atEnd(st *laneState, e *envelope) bool {
	st.ended[e.producer] = true
	if len(st.ended) < h.producers(e.lane) {
		return false
	}
	if h.n.Kind == Join {
		h.atJoinEnd(e.lane)
		return false
	}
	return h.n.Kind == Stage
}

// producers is how many nodes send a lane's batches here. A join may gather the
// sinks of several sources.
func (h *handler) producers(l *lane) int {
	n := 0
	for _, in := range h.n.Inputs {
		if in.Root() == l.source {
			n++
		}
	}
	return n
}
