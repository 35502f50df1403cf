package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/stages"
)

// stageNames are what -stage takes.
var stageNames = []string{"decode", "decode-nested", "dedup", "order-guard", "batch", "filter", "commit", "memory-sink"}

// stage is one stage on one goroutine, over rows in batches of a size.
func stage(name string, rows, size int) contestant {
	run := map[string]func(context.Context, *clock, int, int) (int64, error){
		"decode":        decoding(work(), bodies),
		"decode-nested": decoding(nestedWork(), nestedBodies),
		"dedup":         dropping(stages.Dedup{}),
		"order-guard":   passing(stages.OrderGuard{}),
		"batch":         passing(stages.Batch{}),
		"filter":        passing(stages.Filter(func(r feature.Row) bool { return r.Float64("score") >= 0.1 })),
		"commit":        committing,
		"memory-sink":   keeping,
	}[name]
	return contestant{name, func(ctx context.Context, c *clock) (int64, error) { return run(ctx, c, rows, size) }}
}

// decoding is decode as the graph has it: columns, keys, versions and all.
func decoding(spec stages.Decode, pool func() []feature.Record) func(context.Context, *clock, int, int) (int64, error) {
	return func(ctx context.Context, c *clock, rows, size int) (counted int64, err error) {
		s, err := spec.Describe(nil)
		if err != nil {
			return 0, err
		}
		decode, err := spec.Open(ctx, pipelinetest.NewNode("decode", newLane(0), s, nil))
		if err != nil {
			return 0, err
		}
		for n := range rows / size {
			in := batch(pool(), nil, 0, n, size)
			c.start()
			err := decode.Process(ctx, in, func(r *feature.Rows) { counted += int64(r.Len()) })
			c.stop()
			if err != nil {
				return 0, err
			}
		}
		return counted, nil
	}
}

// hambaMap is what one would use without a decoder of columns: hamba/avro, a map
// for each row.
func hambaMap(schema string, pool []feature.Record, rows int) contestant {
	return contestant{"hamba into a map", func(_ context.Context, c *clock) (counted int64, err error) {
		s, err := avro.Parse(schema)
		if err != nil {
			return 0, err
		}
		c.start()
		defer c.stop()
		for n := range rows {
			row := map[string]any{}
			if err := avro.Unmarshal(s, pool[n%len(pool)].Value, &row); err != nil {
				return 0, err
			}
			counted++
		}
		return counted, nil
	}}
}

// dropping is a stage that drops some rows, or it didn't do its work.
func dropping(spec pipeline.Spec[*feature.Rows, *feature.Rows]) func(context.Context, *clock, int, int) (int64, error) {
	return func(ctx context.Context, c *clock, rows, size int) (counted int64, err error) {
		dropped := int64(0)
		counted, err = passingTo(ctx, spec, c, rows, size, func(out *feature.Rows) {
			for _, t := range out.Tally(feature.Offline) {
				dropped += t.Duplicate
			}
		})
		if err == nil && !someDuplicates(dropped, counted) {
			err = fmt.Errorf("%d of %d rows were dropped, want about 2 in 100", dropped, counted)
		}
		return counted, err
	}
}

// someDuplicates reports whether as many rows were dropped as are in the pool
// twice: 2 in 100, or fewer where a row lies after another of its identity.
func someDuplicates(dropped, rows int64) bool { return dropped*100 > rows && dropped*100 < 4*rows }

// passing is a stage that rows come out of as they went in.
func passing(spec pipeline.Spec[*feature.Rows, *feature.Rows]) func(context.Context, *clock, int, int) (int64, error) {
	return func(ctx context.Context, c *clock, rows, size int) (int64, error) {
		return passingTo(ctx, spec, c, rows, size, func(*feature.Rows) {})
	}
}

func passingTo(ctx context.Context, spec pipeline.Spec[*feature.Rows, *feature.Rows], c *clock, rows, size int, look func(*feature.Rows)) (counted int64, err error) {
	st, err := opened(ctx, spec)
	if err != nil {
		return 0, err
	}
	err = decoded(ctx, rows, size, func(in *feature.Rows) error {
		var out *feature.Rows
		c.start()
		err := st.Process(ctx, in, func(r *feature.Rows) { out = r; counted += int64(r.Len()) })
		c.stop()
		if err == nil && out != nil {
			look(out)
		}
		return err
	})
	return counted, err
}

// committing is what a span costs from a sink's report to its source: it is
// counted, and the join tells the source.
func committing(ctx context.Context, c *clock, rows, size int) (int64, error) {
	var lanes pipelinetest.Lanes
	durable, lane := int64(0), newLane(0)
	st, err := stages.Commit{}.Open(ctx, &pipeline.Node{Lane: lane, Commit: func(next int64) { durable = next }})
	if err != nil {
		return 0, err
	}
	c.start()
	defer c.stop()
	for n := range int64(rows / size) {
		done := []feature.SpanTally{{Span: feature.Span{From: n * int64(size), To: (n + 1) * int64(size)}}}
		next, err := lanes.Advance(lane, "sink", done)
		if err == nil {
			err = st.Process(ctx, pipeline.Receipt{Sink: "sink", Spans: done, Durable: next}, nil)
		}
		if err != nil {
			return 0, err
		}
	}
	return durable, nil
}

// keeping is what a sink's hand-over costs when it keeps rows in memory.
func keeping(ctx context.Context, c *clock, rows, size int) (counted int64, err error) {
	w, err := sinkOf(ctx, &memstore.Sink{}, func(done feature.SpanTally) { counted += done.Read })
	if err != nil {
		return 0, err
	}
	lane := newLane(0)
	err = decoded(ctx, rows, size, func(in *feature.Rows) error {
		c.start()
		defer c.stop()
		return w.Write(ctx, lane, in)
	})
	return counted, err
}

// decoded gives rows as decode hands them on.
func decoded(ctx context.Context, rows, size int, to func(*feature.Rows) error) error {
	decode, err := opened(ctx, work())
	if err != nil {
		return err
	}
	for n := range rows / size {
		var out *feature.Rows
		if err := decode.Process(ctx, batch(bodies(), nil, 0, n, size), func(r *feature.Rows) { out = r }); err != nil {
			return err
		}
		if err := to(out); err != nil {
			return err
		}
	}
	return nil
}

func newLane(p int32) *feature.Lane {
	return &feature.Lane{TopicPartition: feature.TopicPartition{Topic: "rows", Partition: p}}
}

// opened is a stage without a graph, after which everything is idle.
func opened[In, Out any](ctx context.Context, spec pipeline.Spec[In, Out]) (pipeline.Stage[In, Out], error) {
	s, err := schema()
	if err != nil {
		return nil, err
	}
	return spec.Open(ctx, pipelinetest.NewNode("stage", newLane(0), s, nil))
}

// sinkOf opens a sink without a graph; counted is told what became durable.
func sinkOf(ctx context.Context, sink pipeline.Sink, counted func(feature.SpanTally)) (pipeline.Writer, error) {
	s, err := schema()
	if err != nil {
		return nil, err
	}
	return openSink(ctx, sink, s, counted)
}

func openSink(ctx context.Context, sink pipeline.Sink, s *feature.Schema, counted func(feature.SpanTally)) (pipeline.Writer, error) {
	return sink.Open(ctx, new(pipelinetest.Lanes).SinkNode("sink", s, func(_ *feature.Lane, done []feature.SpanTally) {
		for _, d := range done {
			counted(d)
		}
	}, func(err error) { quiet.Error(err.Error()) }))
}

// measureStages runs some stages, or all of them, and decode beside a map.
func (s *suite) measureStages(ctx context.Context, only ...string) error {
	for _, name := range stageNames {
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		all := []contestant{stage(name, s.rows, s.batch)}
		switch name {
		case "decode":
			all = append(all, hambaMap(avrorow.Schema, bodies(), s.rows/8))
		case "decode-nested":
			all = append(all, hambaMap(nestedSchema, nestedBodies(), s.rows/8))
		}
		figures, err := s.turns(ctx, "stage", all...)
		if err != nil {
			return err
		}
		switch name {
		case "decode":
			s.reached(decodeFlat, figures[0], figures[1], figures[2])
		case "decode-nested":
			s.reached(decodeNested, figures[0], figures[1], figures[2])
		}
	}
	for _, name := range only {
		if !slices.Contains(stageNames, name) {
			return fmt.Errorf("-stage %s: want one of %v", name, stageNames)
		}
	}
	return nil
}
