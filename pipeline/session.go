package pipeline

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/tandemdata/tandem/pipeline/lanes"
)

// session is a graph while it runs: open sinks, edges, lanes.
type session struct {
	g        *Graph
	ctx      context.Context // outlives Run's, so that what is under way can finish
	cancel   context.CancelFunc
	lanes    *lanes.PubSub
	intake   *intake
	handlers map[*node]*handler
	byName   map[string]*handler
	sinks    map[*node]*store
	running  sync.WaitGroup
	again    bool // it follows one that was dropped

	failed chan struct{}
	close  func() error // the sinks, once

	mu     sync.Mutex
	err    error // the first failure
	nextID int64
	live   map[int64]*Lane
}

func newSession(ctx context.Context, g *Graph) *session {
	s := &session{
		g: g, failed: make(chan struct{}), live: map[int64]*Lane{},
		handlers: map[*node]*handler{}, byName: map[string]*handler{}, sinks: map[*node]*store{},
	}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.close = sync.OnceValue(s.closeSinks)
	s.lanes = s.newLanes()
	s.intake = &intake{s: s, budget: g.memory(), queues: map[*Lane]*queue{}}
	for _, n := range g.nodes {
		if n.kind == aSource {
			continue
		}
		h := &handler{n: n, s: s, log: g.log().With("node", n.name), lanes: map[*Lane]*seat{}}
		h.shared = len(n.inputs[0].outputs) > 1
		s.handlers[n], s.byName[n.name] = h, h
	}
	return s
}

// open opens the sinks, in wiring order.
func (s *session) open(ctx context.Context) error {
	for _, n := range s.g.nodes {
		if n.kind != aSink {
			continue
		}
		st, err := s.openSink(ctx, n)
		if err != nil {
			return err
		}
		s.sinks[n] = st
	}
	return nil
}

func (s *session) closeSinks() error {
	s.cancel()
	var errs []error
	for _, st := range s.sinks {
		if err := st.w.Close(); err != nil {
			errs = append(errs, &Error{Node: st.n.name, Err: err})
		}
	}
	return errors.Join(errs...)
}

// fail ends the session with its first error.
func (s *session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && s.ctx.Err() == nil {
		s.err = err
		close(s.failed)
	}
}

func (s *session) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// background classifies an error that no batch can carry.
func (s *session) background(n *node, err error) {
	err = locate(n.name, nil, err)
	if IsTransient(err) {
		s.g.log().Warn("tried again", "error", err)
		return
	}
	s.fail(err)
}

// abandon gives every lane up: nobody may wait for one of them any more.
func (s *session) abandon() {
	s.cancel()
	for _, l := range s.all() {
		l.Finish()
	}
}

func (s *session) all() []*Lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.live))
}

func (s *session) lane(id int64) *Lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[id]
}

// forgetAll stops the timers of lanes that never left.
func (s *session) forgetAll() {
	for _, l := range s.all() {
		for _, h := range s.handlers {
			h.forget(l)
		}
	}
}

// opened reports whether there was a lane yet.
func (s *session) opened() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nextID > 0
}

// closing lists the lanes of a sink that were announced to end.
func (s *session) closing(sink *node) []*Lane {
	return slices.DeleteFunc(s.all(), func(l *Lane) bool {
		return !l.closing.Load() || l.source != sink.root()
	})
}

// leave is called by the join, behind the last receipts of a lane.
func (s *session) leave(l *Lane) {
	s.mu.Lock()
	delete(s.live, l.id)
	s.mu.Unlock()
	s.intake.close(l)
	s.g.ledger.close(log{l.source, l.TopicPartition})
	for _, st := range s.sinks {
		st.forget(l)
	}
	for n, h := range s.handlers {
		if n.kind != aJoin { // the join is still at it
			h.forget(l)
		}
	}
	l.Finish()
}
