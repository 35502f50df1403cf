// Package intake is between sources, which never block, and the first edge,
// which does: queues of what was pushed, one a lane, and a budget of memory for
// what no sink has taken yet.
//
// It knows no goroutine but its callers': they push, they take what comes next,
// and they call the sources of lanes that have room again.
package intake

import (
	"fmt"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// LaneBytes is what may wait of one lane before its source is asked to pause it.
const LaneBytes = 2 << 20

// Intake holds what was pushed to each of its lanes.
type Intake struct {
	budget int64

	mu     sync.Mutex
	used   int64
	queues map[*feature.Lane]*queue
}

// queue is what was pushed to one lane.
type queue struct {
	waiting []pushed
	bytes   int64 // of waiting
	full    bool  // and its source knows
	ended   bool
	begun   bool
	next    int64 // where the next span begins, once begun

	inFlight []flight         // pushed and not yet taken by every sink
	taken    map[string]int64 // by sink: rows before it were taken
}

type pushed struct {
	feature.Records
	bytes int64
}

// flight is the memory of one span.
type flight struct {
	to    int64
	bytes int64
}

// New makes an intake with so many bytes for all lanes together.
func New(budget int64) *Intake {
	return &Intake{budget: budget, queues: map[*feature.Lane]*queue{}}
}

// Open adds a lane whose batches go to the given sinks.
func (in *Intake) Open(l *feature.Lane, sinks []string) {
	q := &queue{taken: map[string]int64{}}
	for _, s := range sinks {
		q.taken[s] = -1
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.queues[l] = q
}

// Push adds records to a lane's queue, and reports whether the lane is full and
// how many batches of it waited before. What breaks a source's contract is an
// error; nothing is added then.
func (in *Intake) Push(l *feature.Lane, r feature.Records) (full bool, waiting int, err error) {
	bytes, err := weigh(r)
	if err != nil {
		return false, 0, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	q := in.queues[l]
	if q == nil { // the lane was given up
		return false, 0, nil
	}
	if err := q.follows(l, r.Span); err != nil {
		return false, 0, err
	}
	q.begun, q.next = true, r.Span.To
	waiting = len(q.waiting)
	q.waiting = append(q.waiting, pushed{r, bytes})
	q.bytes += bytes
	q.inFlight = append(q.inFlight, flight{r.Span.To, bytes})
	in.used += bytes
	q.full = q.full || in.over(q)
	return q.full, waiting, nil
}

// weigh is the memory of what is pushed, all of which must lie in its span, in order.
func weigh(r feature.Records) (bytes int64, err error) {
	next := r.Span.From
	for i := range r.List {
		rec := &r.List[i]
		if rec.Offset < next || rec.Offset >= r.Span.To {
			return 0, fmt.Errorf("pushed offset %d, which is out of order or outside of its span from %d to %d", rec.Offset, r.Span.From, r.Span.To)
		}
		next = rec.Offset + 1
		bytes += int64(rec.Size())
	}
	return bytes, nil
}

// follows reports a span that leaves rows out, or that is replayed in part.
func (q *queue) follows(l *feature.Lane, s feature.Span) error {
	switch {
	case q.ended:
		return AfterEnd(s)
	case s.To < s.From:
		return fmt.Errorf("pushed the span from %d to %d, which ends before it begins", s.From, s.To)
	case q.begun && s.From != q.next:
		return fmt.Errorf("pushed the span from %d to %d after offset %d: spans must follow each other", s.From, s.To, q.next)
	case !q.begun && s.From > l.Start:
		return fmt.Errorf("pushed the span from %d to %d first, but the lane starts at %d: the rows between are left out", s.From, s.To, l.Start)
	case s.From < l.Start && s.To > l.Start:
		return fmt.Errorf("pushed the span from %d to %d across the lane's start at %d: a span is replayed as a whole or not at all", s.From, s.To, l.Start)
	}
	return nil
}

// AfterEnd is what is wrong with a span that a source pushes to a lane that it has ended.
func AfterEnd(s feature.Span) error {
	return fmt.Errorf("pushed offsets %d to %d after the lane's end", s.From, s.To)
}

// over reports whether a lane should read no more. A lane of which nothing is in
// flight may always read one batch, so that the budget can't starve it.
func (in *Intake) over(q *queue) bool {
	return q.bytes >= LaneBytes || in.used >= in.budget && len(q.inFlight) > 0
}

// Full reports whether a lane's source should read no more of it for now.
func (in *Intake) Full(l *feature.Lane) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	q := in.queues[l]
	return q != nil && q.full
}

// End says that nothing comes after what was pushed, and reports whether that is new.
func (in *Intake) End(l *feature.Lane) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	q := in.queues[l]
	if q == nil || q.ended {
		return false
	}
	q.ended = true
	return true
}

// Next is what comes next of a lane.
type Next struct {
	Records feature.Records
	Found   bool // Records are there
	Ended   bool // nothing comes any more
	Room    bool // the lane was full and has room again: Ready of its source is to be called
}

// Next takes the first batch that waits. Whether the lane has ended is decided in
// the same step: what is pushed before the end is taken before it.
func (in *Intake) Next(l *feature.Lane) Next {
	in.mu.Lock()
	defer in.mu.Unlock()
	q := in.queues[l]
	if q == nil || len(q.waiting) == 0 {
		return Next{Ended: q == nil || q.ended}
	}
	first := q.waiting[0]
	q.waiting[0] = pushed{}
	q.waiting = q.waiting[1:]
	q.bytes -= first.bytes
	return Next{Records: first.Records, Found: true, Room: in.room(q)}
}

// room reports whether a lane that was full is no longer.
func (in *Intake) room(q *queue) bool {
	if !q.full || in.over(q) || q.bytes >= LaneBytes/2 {
		return false
	}
	q.full = false
	return true
}

// Taken frees what every sink has taken, and lists the lanes that have room
// again, whose sources' Ready is to be called.
func (in *Intake) Taken(l *feature.Lane, sink string, to int64) []*feature.Lane {
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
	for len(q.inFlight) > 0 && q.inFlight[0].to <= to {
		in.used -= q.inFlight[0].bytes
		q.inFlight = q.inFlight[1:]
	}
	var lanes []*feature.Lane
	for l, q := range in.queues {
		if in.room(q) {
			lanes = append(lanes, l)
		}
	}
	return lanes
}

// Close forgets a lane and what is in flight of it.
func (in *Intake) Close(l *feature.Lane) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if q := in.queues[l]; q != nil {
		for _, f := range q.inFlight {
			in.used -= f.bytes
		}
		delete(in.queues, l)
	}
}

// Used is the memory of what no sink has taken yet.
func (in *Intake) Used() int64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.used
}

// Waits reports whether there is anything to publish of a lane: a batch, or its end.
func (in *Intake) Waits(l *feature.Lane) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	q := in.queues[l]
	return q != nil && (len(q.waiting) > 0 || q.ended)
}
