package engine

import (
	"slices"
	"sync"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// marks are the spans of a lane that some sink doesn't hold yet, and when their
// rows were made and pushed: by them it is known how fresh a store is.
type marks struct {
	mu    sync.Mutex
	spans []mark
	sinks map[string]*marked
	read  int64 // the offset after what was pushed
	end   int64 // of the log; -1 where the source doesn't say
}

type mark struct {
	to     int64
	rows   int64
	made   time.Time // the timestamp of its first record
	pushed time.Time
}

// marked is how far a sink is.
type marked struct {
	next  int64
	moved time.Time // when it got there, or when the first row after a rest was pushed
}

func newMarks(sinks []string, l *feature.Lane) *marks {
	m := &marks{sinks: map[string]*marked{}, read: l.Start, end: -1}
	for _, sink := range sinks {
		m.sinks[sink] = &marked{next: max(l.Start, l.Resumed.Sinks[sink].Next)}
	}
	return m
}

// push notes a span that is neither replayed nor empty.
func (m *marks) push(list []feature.Record, span feature.Span, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if span.To <= m.read {
		return
	}
	m.read = span.To
	if len(list) == 0 {
		return
	}
	for _, s := range m.sinks {
		if !m.waits(s) {
			s.moved = now
		}
	}
	m.spans = append(m.spans, mark{span.To, int64(len(list)), time.UnixMilli(list[0].Timestamp), now})
}

// waits reports whether rows of the lane wait for a sink.
func (m *marks) waits(s *marked) bool {
	return len(m.spans) > 0 && m.spans[len(m.spans)-1].to > s.next
}

// durable notes how far a sink has got, and gives the spans that are new there.
func (m *marks) durable(sink string, done []feature.SpanTally, now time.Time) []mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sinks[sink]
	next := done[len(done)-1].To
	if s == nil || next <= s.next {
		return nil
	}
	from := m.first(s.next)
	s.next, s.moved = next, now
	fresh := slices.Clone(m.spans[from:m.first(next)])
	least := next
	for _, other := range m.sinks {
		least = min(least, other.next)
	}
	m.spans = slices.Delete(m.spans, 0, m.first(least))
	return fresh
}

// first is the first span that ends after an offset.
func (m *marks) first(offset int64) int {
	i, _ := slices.BinarySearchFunc(m.spans, offset+1, func(s mark, at int64) int { return int(min(max(s.to-at, -1), 1)) })
	return i
}
