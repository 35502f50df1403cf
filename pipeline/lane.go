package pipeline

import (
	"sync"
	"sync/atomic"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Lane is one partition for as long as it is assigned: the unit of order. A
// partition that is assigned again gets a new Lane.
type Lane struct {
	LaneConfig
	id     int64
	source *node

	push func(*Lane, Records) (full bool)
	end  func(*Lane)

	closing  atomic.Bool
	done     chan struct{}
	doneOnce sync.Once

	frontier *frontier
	settled  map[string]chan struct{} // by sink that keeps no progress: closed behind its last receipt
}

// NewLane makes a lane that the given functions drive in place of a graph, as
// sourcetest and sinktest do.
func NewLane(c LaneConfig, sinks []string, push func(*Lane, Records) (full bool), end func(*Lane)) *Lane {
	return &Lane{
		LaneConfig: c, push: push, end: end, done: make(chan struct{}),
		frontier: newFrontier(sinks, c.Start, c.Resumed, nil),
	}
}

// Push hands over what was read next: records, in order, and the span that they
// stand for, which begins where the last one ended. It never blocks. After it
// has reported full, the source should pause the partition until Ready. Nobody
// changes the records after that: batches share them.
func (l *Lane) Push(list []feature.Record, span feature.Span) (full bool) {
	return l.push(l, Records{TopicPartition: l.TopicPartition, Span: span, List: list, warm: l.Start})
}

// End says that nothing comes after what was pushed: it travels through the
// graph behind the last batch, and Done follows. Where several lanes end
// together, Closing should be called on each before End is on any.
func (l *Lane) End() {
	l.Closing()
	l.end(l)
}

// Closing announces End, so that sinks flush once for all lanes that end together.
func (l *Lane) Closing() { l.closing.Store(true) }

// Done is closed once all that was pushed is durable in every sink and
// committed, after End; or once the graph has given the lane up.
func (l *Lane) Done() <-chan struct{} { return l.done }

// Finish closes Done. It is for whoever drives the lane: the graph, or a test.
func (l *Lane) Finish() { l.doneOnce.Do(func() { close(l.done) }) }

func (l *Lane) ready() {
	if l.Ready != nil {
		l.Ready()
	}
}

// Progress is how far the lane is durable now, once the given spans of a sink
// count as durable too: what that sink stores in the commit of those rows.
func (l *Lane) Progress(sink string, done []feature.SpanTally) Progress {
	return l.frontier.progress(l, sink, done)
}

// Next is the offset before which a sink holds all rows, as far as is known.
func (l *Lane) Next(sink string) int64 { return l.frontier.next(sink) }

// Advance notes a receipt and gives the offset before which every sink holds
// all rows, and whether that moved.
func (l *Lane) Advance(r Receipt) (next int64, moved bool) { return l.frontier.advance(r) }
