package engine

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
	n      *Node
	s      *session
	logger *slog.Logger
	shared bool // others consume the same topic, so batches are forked

	mu    sync.Mutex
	lanes map[*lane]*laneState

	outage outage

	slots struct {
		sync.Mutex
		made map[any]any // of StageNode.Shared
	}
}

// laneState is what a node keeps of a lane. The edge hands a lane's messages
// over one at a time; calls is there to notice a middleware that breaks that.
type laneState struct {
	calls  sync.Mutex // held through a call
	run    Runner
	last   map[*Node]*answer // by producer
	ended  map[*Node]bool    // producers at their end
	sent   int64             // number of the last envelope emitted
	handed atomic.Int64      // number of the last envelope published
	owed   []owed            // taken and not yet emitted
	kept   []snapshot        // batches whose columns are verified
	like   *feature.Schema   // of what was emitted last

	keeping atomic.Bool // the stage keeps rows
	awake   atomic.Bool // a wake is under way to it
	timer   atomic.Pointer[time.Timer]

	waking sync.Mutex
	wakes  int64 // number of the last wake
}

func newHandler(s *session, n *Node) *handler {
	h := &handler{n: n, s: s, logger: s.g.Logger.With("node", n.Name), lanes: map[*lane]*laneState{}}
	h.shared = len(n.Inputs[0].Outputs) > 1
	h.slots.made = map[any]any{}
	return h
}

var errNoBatch = errors.New("a message came without its batch: a middleware replaced its context")

var errOverlap = errors.New("called twice at a time for one lane: a middleware acknowledged a message before the node had done its work")

// handle is the node's router handler.
func (h *handler) handle(m *message.Message) ([]*message.Message, error) {
	e := envelopeOf(m)
	if e == nil {
		return nil, errNoBatch
	}
	if called, ok := m.Context().Value(calledKey{}).(*atomic.Bool); ok {
		called.Store(true)
	}
	st, err := h.laneState(e.lane)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return nil, nil // its lane has left: this came twice, or is a timer's
	}
	if !st.calls.TryLock() {
		return nil, errOverlap
	}
	defer st.calls.Unlock()
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
		out[i] = newMessage(h.s.ctx, e, m.Metadata)
	}
	return out, nil
}

// laneState finds a lane's state, or opens one with a stage of its own. A lane
// that has left has none.
func (h *handler) laneState(l *lane) (*laneState, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if st := h.lanes[l]; st != nil {
		return st, nil
	}
	if h.s.lane(l.id) == nil {
		return nil, nil
	}
	st := &laneState{last: map[*Node]*answer{}, ended: map[*Node]bool{}, like: h.n.Schema}
	if h.n.Kind == Sink {
		st.run = h.s.sinks[h.n].lane(l)
	} else {
		run, err := h.n.OpenStage(h.s.ctx, h.stageNode(l, st))
		if err != nil {
			return nil, err
		}
		st.run = run
	}
	h.lanes[l] = st
	return st, nil
}

// stageNode is what the stage of a lane sees of the graph.
func (h *handler) stageNode(l *lane, st *laneState) *StageNode {
	n := &StageNode{
		Node: h.n, Lane: l.Lane, Logger: h.logger,
		Reject: func(ctx context.Context, rec feature.Record, kind string, cause error) error {
			return h.s.g.rejecting(ctx, h.n.Name, l.TopicPartition, rec, kind, cause)
		},
		Idle:      func() bool { return h.s.lanes.Idle(h.n.topic(), l.id) },
		WakeAfter: func(d time.Duration) { h.wakeAfter(l, st, d) },
		Shared:    h.sharedSlot,
		Commit:    func(int64) {},
	}
	if h.n.Kind == Join {
		n.Commit = func(next int64) { h.commit(l, next) }
	}
	return n
}

// sharedSlot is StageNode.Shared: one value a key, made by the first to ask.
func (h *handler) sharedSlot(key any, make func() any) any {
	h.slots.Lock()
	defer h.slots.Unlock()
	v, ok := h.slots.made[key]
	if !ok {
		v = make()
		h.slots.made[key] = v
	}
	return v
}

// acked lets go of an answer: its message will not come again. One that was
// acknowledged without that its node had it, or that what came of it was
// published, is lost.
func (h *handler) acked(e *envelope) {
	h.goesOn(e.lane)
	st := h.known(e.lane)
	if st == nil {
		if h.s.lane(e.lane.id) != nil {
			h.s.fail(h.s.g.Locate(h.n.Name, placeOf(e), errEarlyAck))
		}
		return
	}
	if !st.calls.TryLock() {
		h.s.fail(h.s.g.Locate(h.n.Name, placeOf(e), errOverlap))
		return
	}
	defer st.calls.Unlock()
	a := st.last[e.producer]
	if a == nil || a.number < e.number || a.number == e.number && !a.published() {
		h.s.fail(h.s.g.Locate(h.n.Name, placeOf(e), errEarlyAck))
		return
	}
	if a.number == e.number {
		a.out = nil
	}
	if h.n.Kind == Join && len(st.ended) == h.producers(e.lane) {
		h.forget(e.lane)
		h.s.lanes.Forget(e.lane.id)
	}
}

// known is what the node keeps of a lane, or nil.
func (h *handler) known(l *lane) *laneState {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lanes[l]
}

// forget lets go of a lane that has left the session.
func (h *handler) forget(l *lane) {
	h.mu.Lock()
	st := h.lanes[l]
	delete(h.lanes, l)
	h.mu.Unlock()
	if st == nil {
		return
	}
	if t := st.timer.Load(); t != nil {
		t.Stop()
	}
	h.s.guarded(h.n, st.run.Close)
}
