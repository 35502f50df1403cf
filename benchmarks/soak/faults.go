package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tandemdata/tandem/benchmarks/crash"
)

// moment is how long things settle before the next fault.
const moment = 500 * time.Millisecond

// fault is one thing that may happen. When do returns, it has happened, and is over but for what mend does.
type fault struct {
	name string
	do   func(context.Context) error
}

func (s *soak) faults() []fault {
	return []fault{
		{"a process is killed", s.kill},
		{"a process is killed at a named point", s.killAtPoint},
		{"a process sleeps for a moment", s.sleep(2 * time.Second)},
		{"a process sleeps through its session", s.sleepThrough},
		{"a process joins", func(context.Context) error { return s.join() }},
		{"a process leaves", func(context.Context) error { s.leave(s.any()); return nil }},
		{"the broker is restarted", func(context.Context) error { return s.broker.Restart() }},
		{"the broker is killed", s.killBroker},
		{"cassandra is frozen", s.freeze},
		{"cassandra is restarted", func(context.Context) error { return s.store.Restart() }},
		{"the network to kafka is cut", s.during(func() error { return s.kafka.Cut() })},
		{"the network to kafka is late", s.during(func() error { return s.kafka.Delay(100 * time.Millisecond) })},
		{"the network to kafka is slow", s.during(func() error { return s.kafka.Slow(100) })},
		{"kafka hangs up on everybody", s.during(func() error { return s.kafka.HangUp() })},
		{"the network to kafka resets connections", s.during(func() error { return s.kafka.Reset(100 * time.Millisecond) })},
		{"the network to cassandra is cut", s.during(func() error { return s.cassandra.Cut() })},
		{"the network to cassandra is late", s.during(func() error { return s.cassandra.Delay(50 * time.Millisecond) })},
		{"the network to cassandra is slow", s.during(func() error { return s.cassandra.Slow(20) })},
		{"the network to cassandra resets connections", s.during(func() error { return s.cassandra.Reset(100 * time.Millisecond) })},
	}
}

// during has what begins last for a while, until mend.
func (s *soak) during(begin func() error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := begin(); err != nil {
			return err
		}
		return s.upTo(ctx, 8*time.Second)
	}
}

func (s *soak) kill(ctx context.Context) error {
	if err := s.upTo(ctx, time.Second); err != nil {
		return err
	}
	s.any().Kill()
	return nil
}

// killAtPoint has a member come that will kill itself, and waits until it has.
func (s *soak) killAtPoint(ctx context.Context) error {
	running := crash.Points[:len(crash.Points)-1] // not that after the end of a run
	p := running[s.random.IntN(len(running))]
	if err := s.start(crash.Fault{Point: p, Pass: 1 + s.random.Int32N(20)}); err != nil {
		return err
	}
	m := s.members[len(s.members)-1]
	if err := s.world.Ended(ctx, m.Process); err != nil {
		return err
	}
	killed, err := m.Killed()
	if err == nil && !killed {
		err = fmt.Errorf("the process ended before it came to %q", p)
	}
	if err == nil {
		s.tally.Add("  at: " + string(p))
	}
	return err
}

func (s *soak) sleep(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		m := s.any()
		if err := m.Pause(); err != nil {
			return err
		}
		if err := s.upTo(ctx, d); err != nil {
			return err
		}
		return m.Continue()
	}
}

func (s *soak) sleepThrough(ctx context.Context) error {
	m := s.any()
	if err := m.Pause(); err != nil {
		return err
	}
	if err := s.load(ctx, 8*time.Second); err != nil {
		return err
	}
	return m.Continue()
}

func (s *soak) killBroker(context.Context) error {
	s.broker.Kill()
	return s.broker.Restart()
}

func (s *soak) freeze(ctx context.Context) error {
	if err := s.store.Pause(); err != nil {
		return err
	}
	if err := s.upTo(ctx, 6*time.Second); err != nil {
		return err
	}
	return s.store.Continue()
}
