package pipeline

import (
	"fmt"
	"sync"
	"time"
)

// laneBytes is what waits of one lane before its source is asked to pause it.
const laneBytes = 2 << 20

// intake is between sources, which never block, and the first edge, which does.
// It holds what was pushed and counts the records that no sink has taken yet
// against the graph's budget.
type intake struct {
	s      *session
	budget int64

	mu     sync.Mutex
	used   int64
	queues map[*Lane]*queue
}

// queue is what was pushed to one lane.
type queue struct {
	source  *node
	waiting []pushed
	bytes   int64 // of waiting
	full    bool  // its source was told so
	ended   bool
	pumping bool
	number  int64 // of the last envelope
	next    int64 // where the next span begins; -1 before the first

	flying []flight         // pushed and not yet taken by every sink
	taken  map[string]int64 // by sink: rows before it were taken
}

type pushed struct {
	Records
	bytes int64
}

// flight is the memory of one span.
type flight struct {
	to    int64
	bytes int64
}

// push is Lane.Push.
func (in *intake) push(l *Lane, r Records) bool {
	bytes := int64(0)
	for i := range r.List {
		bytes += int64(r.List[i].Size())
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	q := in.queues[l]
	if q == nil || q.ended {
		return false
	}
	if q.next >= 0 && r.Span.From != q.next || r.Span.To < r.Span.From {
		in.s.fail(&Error{q.source.name, place(l.TopicPartition, r.Span.From), fmt.Errorf("pushed the span %v after offset %d: spans must follow each other", r.Span, q.next)})
		return false
	}
	q.next = r.Span.To
	q.source.stats.batches.Add(1)
	q.source.stats.rows.Add(int64(len(r.List)))
	q.waiting = append(q.waiting, pushed{r, bytes})
	q.bytes += bytes
	q.flying = append(q.flying, flight{r.Span.To, bytes})
	in.used += bytes
	if m := in.s.g.meter; m != nil {
		m.waits(q.source, len(q.waiting)-1)
	}
	in.pump(l, q)
	q.full = q.full || in.over(q)
	return q.full
}

// over reports whether a lane should read no more. A lane of which nothing
// waits may always read one batch, so that the budget can't starve it.
func (in *intake) over(q *queue) bool {
	return q.bytes >= laneBytes || in.used >= in.budget && len(q.flying) > 0
}

// end is Lane.End.
func (in *intake) end(l *Lane) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if q := in.queues[l]; q != nil && !q.ended {
		q.ended = true
		in.pump(l, q)
	}
}

// pump has a goroutine publish what waits, which is where backpressure holds.
func (in *intake) pump(l *Lane, q *queue) {
	if q.pumping {
		return
	}
	q.pumping = true
	in.s.running.Add(1)
	go func() {
		defer in.s.running.Done()
		for {
			e := in.take(l, q)
			if e == nil {
				return
			}
			began := time.Now()
			err := in.s.publish(q.source.topic(), e)
			q.source.stats.blocked.Add(int64(time.Since(began)))
			if err != nil || e.kind == end {
				return
			}
		}
	}()
}

func (in *intake) take(l *Lane, q *queue) *envelope {
	in.mu.Lock()
	e := &envelope{lane: l, producer: q.source, number: q.number + 1}
	room := false
	switch {
	case len(q.waiting) > 0:
		first := q.waiting[0]
		q.waiting[0] = pushed{}
		q.waiting = q.waiting[1:]
		q.bytes -= first.bytes
		e.batch = first.Records
		room = in.room(q)
	case q.ended:
		e.kind = end
	default:
		q.pumping = false
		in.mu.Unlock()
		return nil
	}
	q.number++
	in.mu.Unlock()
	if room {
		l.ready()
	}
	return e
}

// room reports whether a lane that was full is no longer: its source must then
// be told, once the lock is free.
func (in *intake) room(q *queue) bool {
	if !q.full || in.over(q) || q.bytes >= laneBytes/2 {
		return false
	}
	q.full = false
	return true
}

// accepted frees what every sink has taken.
func (in *intake) accepted(l *Lane, sink string, to int64) {
	for _, l := range in.free(l, sink, to) {
		l.ready()
	}
}

// free gives the lanes that have room now.
func (in *intake) free(l *Lane, sink string, to int64) []*Lane {
	in.mu.Lock()
	defer in.mu.Unlock()
	q := in.queues[l]
	if q == nil {
		return nil
	}
	q.taken[sink] = to
	for _, t := range q.taken {
		to = min(to, t)
	}
	for len(q.flying) > 0 && q.flying[0].to <= to {
		in.used -= q.flying[0].bytes
		q.flying = q.flying[1:]
	}
	var lanes []*Lane
	for l, q := range in.queues {
		if in.room(q) {
			lanes = append(lanes, l)
		}
	}
	return lanes
}

func (in *intake) open(source *node, l *Lane, sinks []string) {
	q := &queue{source: source, next: -1, taken: map[string]int64{}}
	for _, s := range sinks {
		q.taken[s] = -1
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.queues[l] = q
}

func (in *intake) close(l *Lane) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if q := in.queues[l]; q != nil {
		for _, f := range q.flying {
			in.used -= f.bytes
		}
		delete(in.queues, l)
	}
}
