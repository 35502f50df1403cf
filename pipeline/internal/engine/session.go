package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/failure"
	"github.com/tandemdata/tandem/pipeline/internal/intake"
	"github.com/tandemdata/tandem/pipeline/internal/lanes"
)

// session is a graph while it runs: open sinks, edges, lanes.
type session struct {
	g        *Graph
	ctx      context.Context // outlives Run's, so that what is under way can finish
	cancel   context.CancelFunc
	lanes    *lanes.PubSub
	intake   *intake.Intake
	handlers map[*Node]*handler
	byName   map[string]*handler
	sinks    map[*Node]*store
	running  sync.WaitGroup
	gate     gate
	again    bool // it follows one that was dropped

	failed chan struct{}
	close  func() error // the sinks, once

	mu     sync.Mutex
	err    error // the first failure
	nextID int64
	live   map[int64]*lane
	byLane map[*feature.Lane]*lane
	held   map[partitionOf]*feature.Progress // what the stores hold, as sources were given it; nil: nothing
}

func newSession(ctx context.Context, g *Graph) *session {
	s := &session{
		g: g, failed: make(chan struct{}), live: map[int64]*lane{}, byLane: map[*feature.Lane]*lane{},
		held:     map[partitionOf]*feature.Progress{},
		handlers: map[*Node]*handler{}, byName: map[string]*handler{}, sinks: map[*Node]*store{},
	}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.close = sync.OnceValue(s.closeSinks)
	s.lanes = s.newLanes()
	s.intake = intake.New(g.Memory)
	for _, n := range g.Nodes {
		if n.Kind == Source {
			continue
		}
		h := newHandler(s, n)
		s.handlers[n], s.byName[n.Name] = h, h
	}
	return s
}

// open opens the sinks, in wiring order.
func (s *session) open(ctx context.Context) error {
	for _, n := range s.g.Nodes {
		if n.Kind != Sink {
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
		if err := st.closeWriter(); err != nil {
			errs = append(errs, s.g.Locate(st.n.Name, "", err))
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

// background handles an error that no batch can carry.
func (s *session) background(n *Node, err error) {
	if err == nil {
		err = errors.New("failed without saying why: Fail was called with nil")
	}
	err = s.g.Locate(n.Name, "", err)
	if failure.Of(err) == failure.Transient {
		s.g.Logger.Warn("node reports a transient failure, and goes on", "node", n.Name, "error", err)
		return
	}
	s.fail(err)
}

// abandon gives every lane up: nobody may wait for one of them any more.
func (s *session) abandon() {
	s.cancel()
	for _, l := range s.all() {
		l.finish()
	}
}

func (s *session) all() []*lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.live))
}

func (s *session) lane(id int64) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[id]
}

// of finds what the session knows of a lane. A plug-in may ask about one that
// has left, or that it made up.
func (s *session) of(l *feature.Lane) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byLane[l]
}

// closeStages lets go of the stages of lanes that never left.
func (s *session) closeStages() {
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

// ending lists the lanes of a sink that were announced to end.
func (s *session) ending(sink *Node) []*lane {
	return slices.DeleteFunc(s.all(), func(l *lane) bool {
		return !l.ending.Load() || l.source != sink.Root()
	})
}

// leave is called by the join, after the last receipts of a lane.
func (s *session) leave(l *lane) {
	defer l.finish() // whatever happens here, nobody may wait for the lane for ever
	s.mu.Lock()
	delete(s.live, l.id)
	delete(s.byLane, l.Lane)
	s.mu.Unlock()
	s.intake.Close(l.Lane)
	s.g.Ledger.Close(l.log())
	for _, st := range s.sinks {
		st.forget(l)
	}
	for n, h := range s.handlers {
		if n.Kind != Join { // the join is still at it
			h.forget(l)
		}
	}
}

// recovered makes an error of a panic.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}
