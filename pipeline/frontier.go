package pipeline

import (
	"slices"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// frontier knows, for one lane, which offsets are durable in which sink, and
// which of them are counted. A span counts once every sink has it; all sinks
// see the spans as the source cut them, so their ends meet.
type frontier struct {
	counted func(sink string, t feature.Tally) // adds to the run's ledger

	mu    sync.Mutex
	sinks map[string]*branch
	at    int64 // counted up to here
}

// branch is one sink's part.
type branch struct {
	opened  int64 // next, when the lane opened
	next    int64
	seen    int64               // spans up to here were noted
	total   feature.Tally       // of all spans before frontier.at
	pending []feature.SpanTally // durable here, not yet everywhere
	told    []feature.SpanTally // durable here, the receipt still on its way to the join
}

// newFrontier starts a lane where its sinks are. A sink that is ahead keeps its
// own next offset: rows before it come as duplicates.
func newFrontier(sinks []string, start int64, resumed Progress, counted func(string, feature.Tally)) *frontier {
	f := &frontier{counted: counted, sinks: map[string]*branch{}, at: start}
	for _, name := range sinks {
		s := resumed.Sinks[name]
		f.sinks[name] = &branch{opened: max(start, s.Next), next: max(start, s.Next), seen: start, total: s.Tally}
	}
	return f
}

func (f *frontier) next(sink string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sinks[sink].next
}

// opened is the offset before which a sink held all rows when the lane opened.
func (f *frontier) opened(sink string) int64 { return f.sinks[sink].opened }

// tell notes at once what a sink says is durable. Its receipt takes a while to
// the join, and the next commit of a store must not miss it.
func (f *frontier) tell(sink string, done []feature.SpanTally) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.sinks[sink]
	b.told = append(b.told, done...)
}

func (f *frontier) advance(r Receipt) (int64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.sinks[r.Sink]
	b.add(r.Spans)
	for len(b.told) > 0 && b.told[0].To <= b.seen {
		b.told = b.told[1:]
	}
	from := f.at
	for f.step() {
	}
	return f.at, f.at > from
}

// add notes spans, each once. Those before the lane's start are warm.
func (b *branch) add(spans []feature.SpanTally) {
	for _, s := range spans {
		b.next = max(b.next, s.To)
		if s.To > b.seen {
			b.seen = s.To
			b.pending = append(b.pending, s)
		}
	}
}

// step counts the first span that every sink has, and reports whether there was one.
func (f *frontier) step() bool {
	to := int64(-1)
	for _, b := range f.sinks {
		if len(b.pending) == 0 {
			return false
		}
		if to >= 0 && b.pending[0].To != to {
			panic("pipeline: sinks were given different spans of one lane")
		}
		to = b.pending[0].To
	}
	if to < 0 {
		return false
	}
	for name, b := range f.sinks {
		b.total.Add(b.pending[0].Tally)
		if f.counted != nil {
			f.counted(name, b.pending[0].Tally)
		}
		b.pending = b.pending[1:]
	}
	f.at = to
	return true
}

// progress is what would hold after the spans were durable too.
func (f *frontier) progress(l *Lane, sink string, done []feature.SpanTally) Progress {
	f.mu.Lock()
	c := &frontier{at: f.at, sinks: make(map[string]*branch, len(f.sinks))}
	for name, b := range f.sinks {
		c.sinks[name] = &branch{next: b.next, seen: b.seen, total: b.total, pending: slices.Clone(b.pending)}
		c.sinks[name].add(b.told)
	}
	f.mu.Unlock()

	c.advance(Receipt{Sink: sink, Spans: done})
	p := Progress{
		Epoch: l.Epoch, TopicID: l.TopicID, Partitions: l.Partitions, Gaps: l.Resumed.Gaps,
		Counted: c.at, Sinks: map[string]SinkProgress{},
	}
	for name, b := range c.sinks {
		p.Sinks[name] = SinkProgress{Next: b.next, Tally: b.total}
	}
	return p
}
