package main

import (
	"context"
	"slices"

	"github.com/tandemdata/tandem/benchmarks/crash"
)

// member is a process of the group.
type member struct {
	*crash.Process
	name string // as a static member; empty for none
}

// join starts one more member, half of them static ones.
func (s *soak) join() error { return s.start(crash.Fault{}) }

func (s *soak) start(f crash.Fault) error {
	j := s.world.Job
	j.Fault = f
	j.Member = s.freeName()
	p, err := s.world.Start(j)
	if err == nil {
		s.members = append(s.members, &member{p, j.Member})
	}
	return err
}

// freeName is a static name that no member has, or none. A name comes back with the next process.
func (s *soak) freeName() string {
	if s.random.IntN(2) == 0 {
		return ""
	}
	for _, name := range []string{"a", "b", "c"} {
		taken := false
		for _, m := range s.members {
			taken = taken || m.name == name
		}
		if !taken {
			return name
		}
	}
	return ""
}

func (s *soak) any() *member { return s.members[s.random.IntN(len(s.members))] }

// refill lets go of members that have ended, and has two to three at work. One that failed by itself said why: servers
// that are away when a process starts are an error there.
func (s *soak) refill(ctx context.Context) error {
	var alive []*member
	for _, m := range s.members {
		select {
		case <-m.Done():
			if _, err := m.Killed(); err != nil {
				s.say("%v", err)
				s.tally.Add("a process gave up, and another took its place")
			}
		default:
			alive = append(alive, m)
		}
	}
	s.members = alive
	for len(s.members) < 2 {
		if err := s.join(); err != nil {
			return err
		}
	}
	for len(s.members) > most {
		s.leave(s.members[0])
	}
	return s.load(ctx, moment)
}

// leave has a member drain and end. One that is told so in the middle of an outage can't drain, and says so.
func (s *soak) leave(m *member) {
	s.members = slices.DeleteFunc(s.members, func(other *member) bool { return other == m })
	if err := m.Leave(); err != nil {
		s.say("%v", err)
		s.tally.Add("a process left without a drain")
	}
}

// leaveAll has everybody drain, while nothing stands in the way.
func (s *soak) leaveAll() error {
	for _, m := range s.members {
		if err := m.Leave(); err != nil {
			return err
		}
	}
	s.members = nil
	return nil
}
