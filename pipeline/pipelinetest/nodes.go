package pipelinetest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/frontier"
)

// NewNode makes the node of a stage that is driven without a graph, as a
// benchmark of it does. Its next node is always idle, it wakes nobody, and
// records are rejected by the given function, or refused if that is nil.
func NewNode(name string, l *feature.Lane, s *feature.Schema, reject func(rec feature.Record, kind string, cause error) error) *pipeline.Node {
	slots := map[any]any{}
	return &pipeline.Node{
		Name: name, Lane: l, Schema: s, Logger: slog.New(slog.DiscardHandler),
		Reject: func(_ context.Context, rec feature.Record, kind string, cause error) error {
			if reject == nil {
				return &pipeline.RecordError{TopicPartition: l.TopicPartition, Offset: rec.Offset, Err: cause}
			}
			return reject(rec, kind, cause)
		},
		Idle:      func() bool { return true },
		WakeAfter: func(time.Duration) {},
		Commit:    func(int64) {},
		Slot: func(key any, make func() any) any {
			if slots[key] == nil {
				slots[key] = make()
			}
			return slots[key]
		},
	}
}

// Lanes keeps account of the lanes of sinks that are driven without a graph. Its
// zero value is ready for use.
type Lanes struct {
	mu        sync.Mutex
	frontiers map[*feature.Lane]*frontier.Frontier
}

// Open makes a lane whose rows go to the given sinks. Any other lane that a sink
// asks about goes to that sink alone.
func (a *Lanes) Open(l feature.Lane, sinks ...string) *feature.Lane {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.frontiers == nil {
		a.frontiers = map[*feature.Lane]*frontier.Frontier{}
	}
	a.frontiers[&l] = frontier.New(sinks, l.Start, l.Resumed, nil)
	return &l
}

func (a *Lanes) of(l *feature.Lane, sink string) *frontier.Frontier {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.frontiers == nil {
		a.frontiers = map[*feature.Lane]*frontier.Frontier{}
	}
	f := a.frontiers[l]
	if f == nil {
		f = frontier.New([]string{sink}, l.Start, l.Resumed, nil)
		a.frontiers[l] = f
	}
	return f
}

// Advance notes what a sink has reported durable, and gives the offset before
// which every sink of the lane holds all rows.
func (a *Lanes) Advance(l *feature.Lane, sink string, done []feature.SpanTally) (int64, error) {
	f := a.of(l, sink)
	given := make([]frontier.Taken, len(done))
	for i, d := range done {
		given[i] = frontier.Taken{Span: d.Span, Rows: d.Read}
	}
	f.Take(sink, given)
	return f.Advance(sink, done)
}

// Next is the offset before which a sink holds all rows.
func (a *Lanes) Next(l *feature.Lane, sink string) int64 { return a.of(l, sink).Next(sink) }

// Progress is how far the lane would be if the sink had made more spans durable.
func (a *Lanes) Progress(l *feature.Lane, sink string, done []feature.SpanTally) feature.Progress {
	return a.of(l, sink).Progress(l, sink, done)
}

// SinkNode makes the node of a sink that is driven without a graph. What it
// reports durable counts for its lane, and is then passed to durable, which may be
// nil; so may fail, which then panics.
func (a *Lanes) SinkNode(name string, s *feature.Schema, durable func(*feature.Lane, []feature.SpanTally), fail func(error)) *pipeline.SinkNode {
	n := &pipeline.SinkNode{
		Name: name, Schema: s, Logger: slog.New(slog.DiscardHandler), Fail: fail,
		Progress: func(l *feature.Lane, done []feature.SpanTally) feature.Progress { return a.Progress(l, name, done) },
	}
	if fail == nil {
		n.Fail = func(err error) { panic(err) }
	}
	n.Durable = func(l *feature.Lane, done []feature.SpanTally) {
		if _, err := a.Advance(l, name, done); err != nil {
			n.Fail(err)
			return
		}
		if durable != nil {
			durable(l, done)
		}
	}
	return n
}
