package pipeline_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// tampered is a source that sees another node than the graph's.
type tampered struct {
	pipeline.Source
	node func(in pipeline.SourceNode) *pipeline.SourceNode
}

func (t tampered) Run(ctx context.Context, in *pipeline.SourceNode) error {
	return t.Source.Run(ctx, t.node(*in))
}

type push func(list []feature.Record, span feature.Span) bool

// pushing tampers with one hand-over of a source, after some that are right.
func pushing(how func(p push, list []feature.Record, span feature.Span) bool) func(*scene) {
	return func(s *scene) {
		after := int64(s.rng.IntN(4))
		s.source = tampered{s.source, func(in pipeline.SourceNode) *pipeline.SourceNode {
			open, n := in.Open, new(atomic.Int64)
			in.Open = func(c pipeline.LaneConfig) (*pipeline.Feed, error) {
				feed, err := open(c)
				if err != nil || c.Partition > 0 {
					return feed, err
				}
				right := feed.Push
				feed.Push = func(list []feature.Record, span feature.Span) bool {
					if n.Add(1) <= after {
						return right(list, span)
					}
					return how(right, list, span)
				}
				return feed, nil
			}
			return &in
		}}
	}
}

// opening tampers with how lanes are opened.
func opening(how func(in pipeline.SourceNode, c pipeline.LaneConfig) (*pipeline.Feed, error)) func(*scene) {
	return func(s *scene) {
		s.source = tampered{s.source, func(in pipeline.SourceNode) *pipeline.SourceNode {
			right := in
			in.Open = func(c pipeline.LaneConfig) (*pipeline.Feed, error) { return how(right, c) }
			return &in
		}}
	}
}

func sourceOf(f sourceFunc) func(*scene) { return func(s *scene) { s.source = f } }

var sourceSaboteurs = []saboteur{
	{"returns nil without ending its lanes", sourceOf(func(_ context.Context, in *pipeline.SourceNode) error {
		openLane(in, 4).Push(recs(0, 5), feature.Span{To: 5})
		return nil
	}), `node "the-source": returned without having ended the lane of log/4`, false},
	{"returns nil before its lanes are done", func(s *scene) {
		s.source = sourceFunc(func(_ context.Context, in *pipeline.SourceNode) error {
			l := openLane(in, 0)
			l.Push(recs(0, 5), feature.Span{To: 5})
			in.End(l)
			return nil
		})
		s.stage = slowly{}
	}, `node "the-source": returned before the lane of log/0 was done`, false},
	{"leaves a span out", pushing(func(p push, list []feature.Record, span feature.Span) bool {
		return p(nil, feature.Span{From: span.To, To: span.To + 1})
	}), `node "the-source"`, false},
	{"pushes a span twice", pushing(func(p push, list []feature.Record, span feature.Span) bool {
		p(list, span)
		return p(list, span)
	}), `node "the-source": log/0@`, false},
	{"pushes records outside of their span", pushing(func(p push, list []feature.Record, span feature.Span) bool {
		return p(list, feature.Span{From: span.From, To: span.From})
	}), `outside of its span`, false},
	{"pushes records out of order", pushing(func(p push, list []feature.Record, span feature.Span) bool {
		return p(append([]feature.Record{{Offset: span.To - 1}}, list...), span)
	}), `out of order`, false},
	{"pushes a span that ends before it begins", pushing(func(p push, _ []feature.Record, span feature.Span) bool {
		return p(nil, feature.Span{From: span.From, To: span.From - 1})
	}), `ends before it begins`, false},
	{"begins after the lane's start", func(s *scene) {
		s.source = sourceFunc(func(_ context.Context, in *pipeline.SourceNode) error {
			l := openLane(in, 0)
			l.Push(recs(3, 5), feature.Span{From: 3, To: 8})
			in.End(l)
			<-l.Done
			return nil
		})
	}, `pushed the span from 3 to 8 first, but the lane starts at 0`, false},
	{"replays a span in part", sourceOf(func(_ context.Context, in *pipeline.SourceNode) error {
		l := openAt(in, 0, 4)
		l.Push(recs(0, 8), feature.Span{To: 8})
		in.End(l)
		<-l.Done
		return nil
	}), `across the lane's start at 4`, false},
	{"pushes after the end", sourceOf(func(_ context.Context, in *pipeline.SourceNode) error {
		l := openLane(in, 0)
		in.End(l)
		l.Push(recs(0, 5), feature.Span{To: 5})
		<-l.Done
		return nil
	}), `pushed offsets 0 to 5 after the lane's end`, false},
	{"opens a partition twice", opening(func(in pipeline.SourceNode, c pipeline.LaneConfig) (*pipeline.Feed, error) {
		if feed, err := in.Open(c); err != nil {
			return feed, err
		}
		return in.Open(c)
	}), `node "the-source": opened a lane of log/`, false},
	{"begins after what the stores hold", func(s *scene) {
		s.twice = true
		s.source = sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
			p, _, err := in.Progress(ctx, "log", 0)
			if err != nil {
				return err
			}
			_, err = in.Open(pipeline.LaneConfig{Lane: feature.Lane{
				TopicPartition: feature.TopicPartition{Topic: "log"}, Start: p.Counted + 1, Resumed: p,
			}})
			return err
		})
	}, `those between would be lost`, false},
	{"doesn't ask where the stores are", sourceOf(func(_ context.Context, in *pipeline.SourceNode) error {
		_, err := in.Open(pipeline.LaneConfig{Lane: feature.Lane{TopicPartition: feature.TopicPartition{Topic: "log"}}})
		return err
	}), `without asking for its Progress`, false},
	{"reads on though a lane is full", func(s *scene) {
		pushing(func(p push, list []feature.Record, span feature.Span) bool {
			p(list, span)
			return false
		})(s)
	}, ``, false},
	{"ends a lane twice", func(s *scene) {
		s.source = tampered{s.source, func(in pipeline.SourceNode) *pipeline.SourceNode {
			end := in.End
			in.End = func(feeds ...*pipeline.Feed) {
				end(feeds...)
				end(feeds...)
			}
			return &in
		}}
	}, ``, false},
	{"ends feeds that aren't its own", func(s *scene) {
		s.source = tampered{s.source, func(in pipeline.SourceNode) *pipeline.SourceNode {
			end := in.End
			in.End = func(feeds ...*pipeline.Feed) { end(append(feeds, &pipeline.Feed{}, nil)...) }
			return &in
		}}
	}, ``, false},
	{"blocks or panics when it is told of durable rows", opening(func(in pipeline.SourceNode, c pipeline.LaneConfig) (*pipeline.Feed, error) {
		c.Commit = func(int64) { panic("no such partition") }
		return in.Open(c)
	}), `node "the-source": panic: no such partition`, false},
	{"panics", sourceOf(func(context.Context, *pipeline.SourceNode) error { panic("no brokers") }), `node "the-source": panic: no brokers`, false},
	{"fails at once, though it may pass", sourceOf(func(context.Context, *pipeline.SourceNode) error {
		return pipeline.Transient(errors.New("no brokers yet"))
	}), `node "the-source": no brokers yet`, false},
	{"gives no callbacks", opening(func(in pipeline.SourceNode, c pipeline.LaneConfig) (*pipeline.Feed, error) {
		c.Commit = nil
		return in.Open(c)
	}), ``, false},
}

// slowly is a stage that waits until the graph gives up.
type slowly struct{}

func (slowly) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return staged{n, func(ctx context.Context, _ *pipeline.Node, _ *feature.Rows, _ func(*feature.Rows)) error {
		<-ctx.Done()
		return ctx.Err()
	}}, nil
}
