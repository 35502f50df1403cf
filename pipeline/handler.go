package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// handler is a node in a session: the router's handler of all its lanes.
type handler struct {
	n      *node
	s      *session
	log    *slog.Logger
	shared bool // others consume the same topic, so batches are forked

	mu    sync.Mutex
	lanes map[*Lane]*seat

	once  sync.Once
	state any // of Node.Shared
}

// seat is a lane's place at a node. The edge hands a lane's messages over one
// at a time, so only what others touch is atomic.
type seat struct {
	run   runner
	last  map[*node]*answer // by producer
	ended map[*node]bool    // producers at their end
	sent  int64             // number of the last envelope emitted
	owed  []feature.Span    // taken and not yet emitted

	holding atomic.Bool // the stage keeps rows
	awake   atomic.Bool // a wake is under way to it
	timer   atomic.Pointer[time.Timer]

	waking sync.Mutex
	wakes  int64 // number of the last wake
}

// answer is what a node gave for a message, kept until that is acknowledged.
type answer struct {
	number int64
	out    []*envelope
}

// handle is the node's router handler.
func (h *handler) handle(m *message.Message) ([]*message.Message, error) {
	e := envelopeOf(m)
	if e == nil {
		return nil, errors.New("a message came without its batch: a middleware replaced its context")
	}
	if called, ok := m.Context().Value(calledKey{}).(*bool); ok {
		*called = true
	}
	st, err := h.seat(e.lane)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return nil, nil // its lane has left: this came twice, or is a timer's
	}
	a := st.last[e.producer]
	if a == nil || e.number > a.number {
		out, err := h.answer(m.Context(), st, e)
		if err != nil {
			return nil, err
		}
		a = &answer{e.number, out}
		st.last[e.producer] = a
	} else if e.number < a.number {
		return nil, nil // handed on long ago: its producer published it twice
	}
	out := make([]*message.Message, len(a.out))
	for i, e := range a.out {
		out[i] = newMessage(h.s.ctx, e)
	}
	return out, nil
}

// seat finds a lane's place, or opens one with a stage of its own. A lane that
// has left has none.
func (h *handler) seat(l *Lane) (*seat, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if st := h.lanes[l]; st != nil {
		return st, nil
	}
	if h.s.lane(l.id) == nil {
		return nil, nil
	}
	st := &seat{last: map[*node]*answer{}, ended: map[*node]bool{}}
	if h.n.kind == aSink {
		st.run = h.s.sinks[h.n].lane(l)
	} else {
		run, err := h.n.open(h.s.ctx, h.node(l, st))
		if err != nil {
			return nil, err
		}
		st.run = run
	}
	h.lanes[l] = st
	return st, nil
}

// node is what the stage of a lane sees of the graph.
func (h *handler) node(l *Lane, st *seat) *Node {
	return &Node{
		Name: h.n.name, Lane: l, Schema: h.n.schema, Logger: h.log,
		reject: h.reject,
		idle:   func() bool { return h.s.lanes.Idle(h.n.topic(), l.id) },
		wake:   func(d time.Duration) { h.wakeAfter(l, st, d) },
		shared: func(make func() any) any {
			h.once.Do(func() { h.state = make() })
			return h.state
		},
	}
}

// answer does the work of one message.
func (h *handler) answer(ctx context.Context, st *seat, e *envelope) ([]*envelope, error) {
	var out []*envelope
	emit := func(batch any) {
		st.sent++
		out = append(out, &envelope{lane: e.lane, producer: h.n, number: st.sent, batch: batch})
	}
	sent := st.sent
	began := time.Now()
	err := h.s.g.inside(ctx, h.n, func(ctx context.Context) error { return h.work(ctx, st, e, emit) })
	h.n.stats.busy.Add(int64(time.Since(began)))
	if err != nil {
		st.sent = sent
		return nil, err
	}
	if err := h.balance(st, e, out); err != nil {
		return nil, err
	}
	if e.kind == end && h.atEnd(st, e) {
		st.sent++
		out = append(out, &envelope{lane: e.lane, producer: h.n, number: st.sent, kind: end})
	}
	return out, nil
}

func (h *handler) work(ctx context.Context, st *seat, e *envelope, emit func(any)) error {
	switch e.kind {
	case wake:
		st.awake.Store(false)
		if len(st.ended) > 0 {
			return nil // a timer that was on its way when the lane ended
		}
		return st.run.flush(ctx, e.why, emit)
	case end:
		if len(st.ended) < h.producers(e.lane)-1 {
			return nil
		}
		return st.run.flush(ctx, FlushEnd, emit)
	}
	batch := e.batch
	if h.shared {
		batch = fork(batch)
	}
	h.n.stats.batches.Add(1)
	h.n.stats.rows.Add(int64(size(batch)))
	if m := h.s.g.meter; m != nil {
		m.waits(h.n, h.s.lanes.Waiting(h.n.in(), h.n.name, e.lane.id))
	}
	return st.run.process(ctx, batch, emit)
}

// atEnd notes a producer's end and reports whether the lane goes on from here:
// not before every producer has ended, and never from a sink, whose end follows
// its last receipt.
func (h *handler) atEnd(st *seat, e *envelope) bool {
	st.ended[e.producer] = true
	if len(st.ended) < h.producers(e.lane) {
		return false
	}
	if h.n.kind == aJoin {
		h.s.leave(e.lane)
		return false
	}
	return h.n.kind == aStage
}

// producers is how many nodes send a lane's batches here. A join may gather the
// sinks of several sources.
func (h *handler) producers(l *Lane) int {
	n := 0
	for _, in := range h.n.inputs {
		if in.root() == l.source {
			n++
		}
	}
	return n
}

// acked lets go of an answer: its message will not come again.
func (h *handler) acked(e *envelope) {
	st := h.seated(e.lane)
	if st == nil {
		return
	}
	if a := st.last[e.producer]; a != nil && a.number == e.number {
		a.out = nil
	}
	if h.n.kind == aJoin && len(st.ended) == h.producers(e.lane) {
		h.forget(e.lane)
		h.s.lanes.Forget(e.lane.id)
	}
}

func (h *handler) seated(l *Lane) *seat {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lanes[l]
}

// forget lets go of a lane that has left the session.
func (h *handler) forget(l *Lane) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if st := h.lanes[l]; st != nil {
		if t := st.timer.Load(); t != nil {
			t.Stop()
		}
		delete(h.lanes, l)
	}
}

// reject is Node.Reject.
func (h *handler) reject(ctx context.Context, p feature.TopicPartition, rec feature.Record, kind string, cause error) error {
	return h.s.g.router.reject(ctx, h.n.name, p, rec, kind, cause)
}
