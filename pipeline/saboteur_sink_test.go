package pipeline_test

import (
	"context"
	"errors"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// tamperedSink is a sink that sees another node than the graph's, and whose
// writer is another than its own.
type tamperedSink struct {
	pipeline.Sink
	node   func(n *pipeline.SinkNode)
	writer func(w pipeline.Writer, n *pipeline.SinkNode) pipeline.Writer
}

func (s tamperedSink) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	m := *n
	if s.node != nil {
		s.node(&m)
	}
	w, err := s.Sink.Open(ctx, &m)
	if err != nil || s.writer == nil {
		return w, err
	}
	return s.writer(w, n), nil
}

// reporting tampers with what a sink reports durable.
func reporting(how func(right func(*feature.Lane, []feature.SpanTally), l *feature.Lane, done []feature.SpanTally)) func(*scene) {
	return func(s *scene) {
		s.online = tamperedSink{Sink: s.online, node: func(n *pipeline.SinkNode) {
			right := n.Durable
			n.Durable = func(l *feature.Lane, done []feature.SpanTally) { how(right, l, done) }
		}}
	}
}

// writing replaces the writer of the online sink.
func writing(how func(w pipeline.Writer, n *pipeline.SinkNode) pipeline.Writer) func(*scene) {
	return func(s *scene) { s.online = tamperedSink{Sink: s.online, writer: how} }
}

type writes struct {
	pipeline.Writer
	write func(l *feature.Lane, rows *feature.Rows) error
}

func (w writes) Write(ctx context.Context, l *feature.Lane, rows *feature.Rows) error {
	if err := w.write(l, rows); err != nil {
		return err
	}
	return w.Writer.Write(ctx, l, rows)
}

type checks struct {
	pipeline.Writer
	check func(rows *feature.Rows, from int) (int, error)
}

func (c checks) CheckRows(rows *feature.Rows, from int) (int, error) { return c.check(rows, from) }

var sinkSaboteurs = []saboteur{
	{
		"never reports durable", reporting(func(func(*feature.Lane, []feature.SpanTally), *feature.Lane, []feature.SpanTally) {}),
		`node "the-online-sink": log/`, false,
	},
	{"reports all but the last span", reporting(func(right func(*feature.Lane, []feature.SpanTally), l *feature.Lane, done []feature.SpanTally) {
		right(l, done[:len(done)-1])
	}), `node "the-online-sink": log/`, false},
	{"reports a span twice", reporting(func(right func(*feature.Lane, []feature.SpanTally), l *feature.Lane, done []feature.SpanTally) {
		right(l, done)
		right(l, done)
	}), ``, false},
	{"reports what it was not given", reporting(func(right func(*feature.Lane, []feature.SpanTally), l *feature.Lane, done []feature.SpanTally) {
		to := done[len(done)-1].To
		right(l, append(done, feature.SpanTally{Span: feature.Span{From: to, To: to + 3}}))
	}), `node "the-online-sink": log/`, false},
	{"reports spans joined", reporting(func(right func(*feature.Lane, []feature.SpanTally), l *feature.Lane, done []feature.SpanTally) {
		one := done[0]
		one.To++
		right(l, []feature.SpanTally{one})
	}), `node "the-online-sink": log/`, false},
	{"counts rows that it was not given", reporting(func(right func(*feature.Lane, []feature.SpanTally), l *feature.Lane, done []feature.SpanTally) {
		done[0].Count(feature.Pending)
		right(l, done)
	}), `rows from offset`, false},
	{"counts no rows", reporting(func(right func(*feature.Lane, []feature.SpanTally), l *feature.Lane, done []feature.SpanTally) {
		done[0].Tally = feature.Tally{}
		right(l, done)
	}), `counted 0 of the`, false},
	{"reports a tally that doesn't add up", reporting(func(right func(*feature.Lane, []feature.SpanTally), l *feature.Lane, done []feature.SpanTally) {
		done[0].Written += 2
		right(l, done)
	}), `node "the-online-sink": log/`, false},
	{"reports rows of a lane that it made up", reporting(func(right func(*feature.Lane, []feature.SpanTally), l *feature.Lane, done []feature.SpanTally) {
		c := *l
		right(&c, done)
	}), `node "the-online-sink": reported rows durable of a lane that isn't open`, false},
	{"reports rows of no lane", reporting(func(right func(*feature.Lane, []feature.SpanTally), _ *feature.Lane, done []feature.SpanTally) {
		right(nil, done)
	}), `node "the-online-sink"`, false},
	{"opens nil", writing(func(pipeline.Writer, *pipeline.SinkNode) pipeline.Writer { return nil }), `node "the-online-sink"`, false},
	{"panics in Write", writing(func(w pipeline.Writer, _ *pipeline.SinkNode) pipeline.Writer {
		return writes{w, func(*feature.Lane, *feature.Rows) error { panic("no connection") }}
	}), `node "the-online-sink": log/`, false},
	{"fails without saying why", writing(func(w pipeline.Writer, n *pipeline.SinkNode) pipeline.Writer {
		return writes{w, func(*feature.Lane, *feature.Rows) error { n.Fail(nil); return nil }}
	}), `Fail was called with nil`, false},
	{"fails outside of Write", writing(func(w pipeline.Writer, n *pipeline.SinkNode) pipeline.Writer {
		return writes{w, func(*feature.Lane, *feature.Rows) error { n.Fail(errors.New("disk full")); return nil }}
	}), `node "the-online-sink": disk full`, false},
	{"changes a column", writing(func(w pipeline.Writer, _ *pipeline.SinkNode) pipeline.Writer {
		return writes{w, func(_ *feature.Lane, rows *feature.Rows) error {
			rows.Columns[1].Int64s[0]++
			return nil
		}}
	}), `node "the-online-sink": log/`, false},
	{"marks the other store's rows", writing(func(w pipeline.Writer, _ *pipeline.SinkNode) pipeline.Writer {
		return writes{w, func(_ *feature.Lane, rows *feature.Rows) error {
			for i := range rows.Len() {
				rows.Drop(i, feature.Dead, feature.Offline)
			}
			return nil
		}}
	}), ``, false},
	{"finds a row that isn't there", writing(func(w pipeline.Writer, _ *pipeline.SinkNode) pipeline.Writer {
		return checks{w, func(rows *feature.Rows, _ int) (int, error) { return rows.Len() + 3, errors.New("too wide") }}
	}), `CheckRows(rows, 0) found row`, false},
	{"finds the same row for ever", writing(func(w pipeline.Writer, _ *pipeline.SinkNode) pipeline.Writer {
		return checks{w, func(rows *feature.Rows, from int) (int, error) {
			if from > 0 {
				return 0, errors.New("too wide")
			}
			return 0, nil
		}}
	}), ``, false},
	{"reports durable before it has written", func(s *scene) {
		s.online = tamperedSink{Sink: s.online, writer: func(w pipeline.Writer, n *pipeline.SinkNode) pipeline.Writer {
			return writes{w, func(l *feature.Lane, rows *feature.Rows) error {
				n.Durable(l, rows.Tally(feature.Online))
				return nil
			}}
		}}
	}, ``, false},
}

// joining makes a join of a function.
type joining func(n *pipeline.Node, r pipeline.Receipt) error

func (j joining) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[pipeline.Receipt, pipeline.Nothing], error) {
	return joined{n, j}, nil
}

type joined struct {
	n *pipeline.Node
	j joining
}

func (j joined) Process(_ context.Context, r pipeline.Receipt, _ func(pipeline.Nothing)) error {
	return j.j(j.n, r)
}

func joins(j joining) func(*scene) { return func(s *scene) { s.join = j } }

var joinSaboteurs = []saboteur{
	{
		"never tells the source", joins(func(*pipeline.Node, pipeline.Receipt) error { return nil }),
		`node "the-join": log/`, false,
	},
	{"tells the source of what isn't durable", joins(func(n *pipeline.Node, r pipeline.Receipt) error {
		n.Commit(r.Spans[0].To + 1000)
		return nil
	}), `node "the-join": log/`, false},
	{"tells the source out of order", joins(func(n *pipeline.Node, r pipeline.Receipt) error {
		n.Commit(r.Durable)
		n.Commit(r.Durable - 1)
		return nil
	}), ``, false},
	{"panics", joins(func(*pipeline.Node, pipeline.Receipt) error { panic("no lane") }), `node "the-join"`, false},
}
