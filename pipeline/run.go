package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrDrain is part of what Run returns when it could not finish in time after
// its context had ended. What was durable by then is committed, nothing else.
var ErrDrain = errors.New("not drained in time")

// Run checks the graph, opens its sinks, and moves rows until ctx ends or every
// source has come to its end. It then drains: what was read is made durable and
// committed, and Run returns nil. Any error that doesn't pass by itself ends it
// at once; nothing is committed that isn't durable, and the next Run goes on
// where the stores are.
func (g *Graph) Run(ctx context.Context) error {
	if err := g.Check(); err != nil {
		return err
	}
	g.begin()
	for again := 0; ; again++ {
		err := g.session(ctx, again > 0)
		if err == nil || !IsRestart(err) || ctx.Err() != nil {
			return err
		}
		g.log().Warn("everything that isn't durable is dropped, and lanes reopen where the stores are", "cause", err)
		if !sleep(ctx, min(100*time.Millisecond<<min(again, 6), 5*time.Second)) {
			return err
		}
	}
}

// begin has Ledger and Stats count from now.
func (g *Graph) begin() {
	var sinks []string
	for _, n := range g.nodes {
		n.stats.reset()
		if n.kind == aSink {
			sinks = append(sinks, n.name)
		}
	}
	g.ledger.begin(sinks)
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
	defer s.cancel()
	err := s.open(ctx)
	if err == nil {
		err = s.run(ctx)
	} else if again && ctx.Err() == nil {
		// What could be opened before may be opened again later.
		err = Restart(err)
	}
	return errors.Join(err, s.close())
}

// run starts the router, then the sources, and waits for all to end.
func (s *session) run(ctx context.Context) error {
	r, err := s.route()
	if err != nil {
		return err
	}
	served := serve(s.ctx, r)
	ended := s.runSources(ctx)
	stop := context.AfterFunc(ctx, s.startDrain)
	defer stop()
	select {
	case <-ended:
	case <-s.failed:
		s.abandon()
		<-ended
	}
	s.cancel()
	closed := s.lanes.Close()
	s.running.Wait()
	if s.failure() != nil {
		s.close() // ends a Write that nothing else would
	}
	err = errors.Join(closed, r.Close(), <-served)
	s.forgetAll()
	if failure := s.failure(); failure != nil {
		return failure
	}
	return err
}

// startDrain bounds what follows the end of Run's context.
func (s *session) startDrain() {
	t := time.AfterFunc(s.g.drain(), func() {
		s.fail(fmt.Errorf("%w: %v", ErrDrain, s.g.drain()))
	})
	context.AfterFunc(s.ctx, func() { t.Stop() })
}

// sourceFailed: a source that fails has left its lanes. What passes by itself is
// waited for once rows have flowed; at the very start it is an error like others.
func (s *session) sourceFailed(n *node, err error) {
	switch {
	case !IsTransient(err):
		s.background(n, err)
	case s.again || s.opened():
		s.background(n, Restart(err))
	default:
		s.fail(locate(n.name, nil, err))
	}
}

// runSources runs every source, and tells when all have returned.
func (s *session) runSources(ctx context.Context) <-chan struct{} {
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(s.ctx, cancel)
	ended := make(chan struct{})
	left := make(chan struct{})
	sources := 0
	for _, n := range s.g.nodes {
		if n.kind != aSource {
			continue
		}
		sources++
		go func() {
			defer func() { left <- struct{}{} }()
			err := s.g.inside(ctx, n, func(ctx context.Context) error { return n.source.Run(ctx, s.intakeOf(n)) })
			if err != nil {
				s.sourceFailed(n, err)
			}
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
