// Package frontier knows, for one lane, which spans are durable in which sink
// and which of them are counted.
//
// A span counts once every sink has it. All sinks are given the spans as the
// source cut them, so their ends meet.
package frontier

import (
	"fmt"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Taken is a span that a sink was given, with the rows in it that count.
type Taken struct {
	feature.Span
	Rows int64
}

// Frontier is that of one lane.
type Frontier struct {
	counted func(sink string, t feature.Tally)

	mu    sync.Mutex
	sinks map[string]*branch
	at    int64 // every sink has all spans before it, and they are counted
}

// branch is one sink's part.
type branch struct {
	opened   int64 // next, when the lane opened
	next     int64
	taken    int64               // spans up to here were given to the sink
	owed     []Taken             // given to the sink and not yet reported durable
	reported int64               // spans up to here are durable here
	total    feature.Tally       // of all spans before Frontier.at
	pending  []feature.SpanTally // durable here, not yet everywhere
}

// New starts a lane where its sinks are. A sink that is ahead of the others
// keeps its own next offset: rows before it come as duplicates. Counted is called
// with the tally of each span at each sink, once it counts; it may be nil.
func New(sinks []string, start int64, resumed feature.Progress, counted func(sink string, t feature.Tally)) *Frontier {
	f := &Frontier{counted: counted, sinks: map[string]*branch{}, at: start}
	for _, name := range sinks {
		s := resumed.Sinks[name]
		next := max(start, s.Next)
		f.sinks[name] = &branch{opened: next, next: next, taken: start, reported: start, total: s.Tally}
	}
	return f
}

// At is the offset before which every sink holds all rows.
func (f *Frontier) At() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// Next is the offset before which a sink holds all rows.
func (f *Frontier) Next(sink string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sinks[sink].next
}

// Opened is what Next was when the lane opened.
func (f *Frontier) Opened(sink string) int64 { return f.sinks[sink].opened }

// Take notes what a sink is given, before it is. A batch may come again, and
// spans before the lane's start are replayed: they are owed by nobody.
func (f *Frontier) Take(sink string, spans []Taken) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.sinks[sink]
	for _, s := range spans {
		if s.To > b.taken {
			b.taken = s.To
			b.owed = append(b.owed, s)
		}
	}
}

// Owed is the first span that a sink was given and has not reported durable.
func (f *Frontier) Owed(sink string) (feature.Span, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if owed := f.sinks[sink].owed; len(owed) > 0 {
		return feature.Span{From: owed[0].From, To: owed[len(owed)-1].To}, true
	}
	return feature.Span{}, false
}

// Advance notes what a sink reports durable and gives the offset before which
// every sink holds all rows. A report that isn't of what the sink was given, in
// the same order and with all of its rows, is an error and changes nothing.
func (f *Frontier) Advance(sink string, done []feature.SpanTally) (at int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.sinks[sink]
	if err := b.check(done); err != nil {
		return f.at, err
	}
	b.add(done)
	for f.step() {
	}
	return f.at, nil
}

// check compares a report with what is owed. Spans that were reported before
// may come again: a sink that failed after it reported a part does that.
func (b *branch) check(done []feature.SpanTally) error {
	owed := b.owed
	for _, d := range done {
		if d.To <= b.reported {
			continue
		}
		switch {
		case len(owed) == 0:
			return fmt.Errorf("reported offsets %d to %d durable before it was given them", d.From, d.To)
		case d.Span != owed[0].Span:
			return fmt.Errorf("reported offsets %d to %d durable, but %d to %d come first: spans are reported as they were given, in order",
				d.From, d.To, owed[0].From, owed[0].To)
		case !d.Balanced() || d.Read != owed[0].Rows:
			return fmt.Errorf("counted %d of the %d rows from offset %d to %d", d.Read, owed[0].Rows, d.From, d.To)
		}
		owed = owed[1:]
	}
	return nil
}

// add notes spans, each once.
func (b *branch) add(done []feature.SpanTally) {
	for _, s := range done {
		b.next = max(b.next, s.To)
		if s.To <= b.reported {
			continue
		}
		b.reported = s.To
		b.pending = append(b.pending, s)
		if len(b.owed) > 0 {
			b.owed = b.owed[1:]
		}
	}
}

// step counts the first span that every sink has, and reports whether there was
// one.
func (f *Frontier) step() bool {
	if len(f.sinks) == 0 {
		return false
	}
	for _, b := range f.sinks {
		if len(b.pending) == 0 {
			return false
		}
	}
	for name, b := range f.sinks {
		first := b.pending[0]
		f.at = first.To
		b.total.Add(first.Tally)
		if f.counted != nil {
			f.counted(name, first.Tally)
		}
		b.pending = b.pending[1:]
	}
	return true
}
