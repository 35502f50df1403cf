package insync

import (
	"context"
	"fmt"
	"hash/maphash"
	"runtime"
	"sync"
	"sync/atomic"
)

// match compares the parts, on each CPU one at a time. What looks like a fault
// goes to the doubts.
func (r *run) match(ctx context.Context, doubtful *doubts) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	parts := len(r.offline.files)
	var next, done atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), parts) {
		workers.Go(func() {
			m := &matcher{run: r, doubts: doubtful}
			m.winners = winners{schema: r.Schema, seed: r.seed, twice: m.twice}
			for p := int(next.Add(1) - 1); p < parts && ctx.Err() == nil; p = int(next.Add(1) - 1) {
				if err := m.part(p); err != nil {
					stop(err)
				}
				r.step("keys", done.Add(1), int64(parts))
			}
			r.verdict.add(&m.tallies)
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// matcher is one goroutine's part of it.
type matcher struct {
	run     *run
	doubts  *doubts
	winners winners
	offline []byte
	online  []byte
	tallies Verdict
}

func (m *matcher) part(p int) (err error) {
	if m.offline, err = m.run.offline.read(p, m.offline); err != nil {
		return fmt.Errorf("scratch disk: %w", err)
	}
	if m.online, err = m.run.online.read(p, m.online); err != nil {
		return fmt.Errorf("scratch disk: %w", err)
	}
	if err := m.winners.load(m.offline); err != nil {
		return err
	}
	var e entry
	for rest := m.online; len(rest) > 0; {
		if rest, err = e.cut(rest); err != nil {
			return err
		}
		if err := m.met(&e); err != nil {
			return err
		}
	}
	for _, s := range m.winners.keys {
		if s.state == 0 || s.state&wasOnline != 0 {
			continue
		}
		e := m.winners.entry(s)
		if err := m.judge(e.key, m.winner(&e, s), nil); err != nil {
			return err
		}
	}
	return nil
}

// met looks at a row that is online.
func (m *matcher) met(e *entry) error {
	s := m.winners.find(m.winners.keys, maphash.Bytes(m.run.seed, e.key), e.key, nil)
	switch {
	case s.state == 0:
		return m.judge(e.key, nil, e)
	case s.state&wasOnline != 0: // it was written again where a scan came by later
		return nil
	}
	s.state |= wasOnline
	w := m.winners.entry(*s)
	return m.judge(e.key, m.winner(&w, *s), e)
}

// winner is nil where no row was meant for the online store.
func (m *matcher) winner(e *entry, s slot) *entry {
	if s.state&alone != 0 {
		return nil
	}
	return e
}

func (m *matcher) judge(key []byte, offline, online *entry) error {
	m.tallies.Keys++
	kind := m.run.judge.of(offline, online)
	if !kind.Fault() {
		m.tallies.count(kind, offline, online)
		return nil
	}
	if m.run.still {
		return m.run.verdict.fault(m.run.Verify, kind, key, offline, online)
	}
	return m.doubts.add(doubt{key: key, offline: offline, online: online})
}

func (m *matcher) twice(e *entry) error {
	return m.run.verdict.fault(m.run.Verify, Twice, e.key, e, nil)
}
