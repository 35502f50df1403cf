package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/tandemdata/tandem/pipeline/internal/failure"
	"github.com/tandemdata/tandem/pipeline/status"
)

// ErrDrain is part of what Run returns when it could not finish in time after
// its context had ended.
var ErrDrain = errors.New("not drained in time")

// Run runs a graph until ctx ends or every source has come to its end. See
// pipeline.Graph.Run.
func Run(ctx context.Context, g *Graph) (err error) {
	g.begin()
	defer func() { g.Board.turn(ended(err), nil, err) }()
	for attempt, again := 1, false; ; attempt, again = attempt+1, true {
		began := time.Now()
		err := g.session(ctx, again)
		if failure.Of(err) != failure.Restart || ctx.Err() != nil {
			return err
		}
		if time.Since(began) > steady {
			attempt = 1
		}
		g.Board.turn(status.Reopening, nil, err)
		pause := min(100*time.Millisecond<<min(attempt-1, 6), 5*time.Second)
		g.Logger.Warn("run interrupted, will reopen all lanes where the stores are", "retry_in", pause, "attempt", attempt, "error", err)
		if !sleep(ctx, pause) {
			return err
		}
	}
}

func ended(err error) status.Phase {
	if err != nil {
		return status.Failed
	}
	return status.Ended
}

// steady is how long a session has run when what ends it is no longer another
// failure in a row, so that the pause begins small again.
const steady = time.Minute

// begin has the ledger and the counts of nodes start from now.
func (g *Graph) begin() {
	var sinks []string
	for _, n := range g.Nodes {
		n.Stats.Reset()
		if n.Kind == Sink {
			sinks = append(sinks, n.Name)
		}
	}
	g.Ledger.Begin(sinks)
	g.Board.run()
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// session runs the graph once, from opening the sinks to closing them.
func (g *Graph) session(ctx context.Context, again bool) error {
	s := newSession(ctx, g)
	s.again = again
	g.Board.turn(status.Opening, s, nil)
	defer s.cancel()
	err := s.open(ctx)
	if err == nil {
		err = s.run(ctx)
	} else if again && ctx.Err() == nil {
		err = failure.Mark(err, failure.Restart) // what could be opened before may be opened again later
	}
	closed := s.close()
	if closed != nil && failure.Of(err) == failure.Restart {
		g.Logger.Warn("closing failed, will open again", "error", closed)
		return err
	}
	return errors.Join(err, closed)
}

// run starts the router, then the sources, and waits for all to end.
func (s *session) run(ctx context.Context) error {
	r, err := s.route()
	if err != nil {
		return err
	}
	served, err := s.serve(r)
	if err != nil {
		return err
	}
	s.g.Board.turn(status.Running, s, nil)
	ended := s.runSources(ctx)
	stop := context.AfterFunc(ctx, s.startDrain)
	defer stop()
	select {
	case <-ended:
	case <-s.failed:
	}
	s.abandon()
	<-ended
	closed := s.lanes.Close()
	s.running.Wait()
	if s.failure() != nil {
		s.close() // ends a Write that nothing else would
	}
	err = errors.Join(closed, r.Close(), <-served)
	if err == nil {
		err = s.gate.close(closeTimeout)
	}
	s.closeStages()
	if failed := s.failure(); failed != nil {
		return failed
	}
	return err
}

// startDrain bounds what follows the end of Run's context.
func (s *session) startDrain() {
	s.g.Board.drain()
	t := time.AfterFunc(s.g.Drain, func() {
		s.fail(s.undrained())
	})
	context.AfterFunc(s.ctx, func() { t.Stop() })
}

// undrained is ErrDrain with what was waited for: a node whose batch is tried again
// and again, and why, or else a lane.
func (s *session) undrained() error {
	late := fmt.Errorf("%w: %v", ErrDrain, s.g.Drain)
	for _, n := range s.g.Nodes {
		if h := s.handlers[n]; h != nil {
			if _, _, cause := h.outage.now(); cause != nil {
				return fmt.Errorf("%w: %w", late, cause)
			}
		}
	}
	if lanes := s.all(); len(lanes) > 0 {
		return fmt.Errorf("%w: lanes not done: %d, %s/%d among them", late, len(lanes), lanes[0].Topic, lanes[0].Partition)
	}
	return late
}

// runSources runs every source, and closes what it gives once all have returned.
func (s *session) runSources(ctx context.Context) <-chan struct{} {
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(s.ctx, cancel)
	ended := make(chan struct{})
	left := make(chan struct{})
	sources := 0
	for _, n := range s.g.Nodes {
		if n.Kind != Source {
			continue
		}
		sources++
		go func() {
			defer func() { left <- struct{}{} }()
			s.sourceEnded(n, s.runSource(ctx, n))
		}()
	}
	go func() {
		defer close(ended)
		for range sources {
			<-left
		}
	}()
	return ended
}

// runSource runs one source. One that returns without an error has ended its
// lanes and waited for them, or rows would be left in the graph without a word.
func (s *session) runSource(ctx context.Context, n *Node) (err error) {
	defer recovered(&err)
	err = inside(ctx, n, func(ctx context.Context) error { return n.RunSource(ctx, s.sourceNode(n)) })
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) && !s.feeds(n) {
		return nil // it was told to leave before it had begun: nothing is lost
	}
	if err != nil || s.ctx.Err() != nil {
		return err
	}
	for _, l := range s.all() {
		switch {
		case l.source != n:
		case !l.ending.Load():
			return fmt.Errorf("returned without having ended the lane of %s/%d", l.Topic, l.Partition)
		default:
			return fmt.Errorf("returned before the lane of %s/%d was done: rows of it are still in flight", l.Topic, l.Partition)
		}
	}
	return nil
}

// feeds reports whether a source has lanes that are not done.
func (s *session) feeds(n *Node) bool {
	return slices.ContainsFunc(s.all(), func(l *lane) bool { return l.source == n })
}

// sourceEnded: a source that fails has left its lanes. What passes by itself is
// waited for once rows have flowed; at the very start it is an error like others.
func (s *session) sourceEnded(n *Node, err error) {
	switch {
	case err == nil:
	case failure.Of(err) != failure.Transient:
		s.background(n, err)
	case s.again || s.opened():
		s.background(n, failure.Mark(err, failure.Restart))
	default:
		s.fail(s.g.Locate(n.Name, "", err))
	}
}

// labelled is the context key by which a run is asked to label its goroutines.
type labelled struct{}

// WithLabels has a run's goroutines bear the label "node" in profiles.
func WithLabels(ctx context.Context) context.Context { return context.WithValue(ctx, labelled{}, true) }

// inside runs a part of a node so that profiles know whose it is, where the run
// was asked for labels.
func inside(ctx context.Context, n *Node, f func(context.Context) error) (err error) {
	if ctx.Value(labelled{}) == nil {
		return f(ctx)
	}
	pprof.Do(ctx, pprof.Labels("node", n.Name), func(ctx context.Context) { err = f(ctx) })
	return err
}
