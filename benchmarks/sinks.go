package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
)

// pool is a few batches whose rows are written again and again, with later
// offsets and event times.
type pool struct {
	batches []*feature.Rows
	size    int
}

func newPool(o feature.Order, batches, size, keys int) pool {
	g := &rowgen.Gen{Schema: rowgen.Realistic(o), Seed: 1, Keys: keys}
	p := pool{size: size}
	for range batches {
		p.batches = append(p.batches, g.Batch(feature.TopicPartition{Topic: "rows"}, 0, size))
	}
	return p
}

func (p pool) schema() *feature.Schema { return p.batches[0].Schema }

// at is the n-th batch of a log: its rows are shared, and its offsets and event
// times its own.
func (p pool) at(n int) *feature.Rows {
	return later(p.batches[n%len(p.batches)], int64(n)*int64(p.size))
}

func later(rows *feature.Rows, from int64) *feature.Rows {
	l := feature.NewRows(rows.Schema, rows.TopicPartition)
	l.Ops = rows.Ops
	copy(l.Columns, rows.Columns)
	t := &l.Columns[rows.Schema.Time()]
	t.Int64s = make([]int64, rows.Len())
	l.Records = append(l.Records, rows.Records...)
	for i := range l.Records {
		l.Records[i].Offset = from + int64(i)
		l.Records[i].Timestamp = rowgen.Base.UnixMilli() + from + int64(i)
		t.Int64s[i] = timeOf(int(from) + i)
	}
	l.Spans = []feature.Span{{From: from, To: from + int64(rows.Len())}}
	l.Outcomes[feature.Online], l.Outcomes[feature.Offline] = make([]feature.Outcome, rows.Len()), make([]feature.Outcome, rows.Len())
	l.Seal()
	return l
}

// timeOf is the event time of the row at an offset.
func timeOf(offset int) int64 { return rowgen.Base.UnixMilli() + int64(offset) }

// writing is a sink from its first Write to the Flush, without a graph.
func writing(name string, p pool, batches int, sink func(dir string) pipeline.Sink) contestant {
	return contestant{name, func(ctx context.Context, c *clock) (int64, error) {
		dir, err := os.MkdirTemp("", "benchmarks-")
		if err != nil {
			return 0, err
		}
		defer os.RemoveAll(dir)
		var durable atomic.Int64
		w, err := openSink(ctx, sink(dir), p.schema(), func(d feature.SpanTally) { durable.Add(d.Written) })
		if err != nil {
			return 0, err
		}
		lane := newLane(0)
		for n := range batches {
			rows := p.at(n)
			c.start()
			err := w.Write(ctx, lane, rows)
			c.stop()
			if err != nil {
				return 0, err
			}
		}
		c.start()
		err = w.Flush(ctx)
		c.stop()
		if err != nil {
			return 0, err
		}
		return durable.Load(), w.Close()
	}}
}

// measureSinks is each sink beside its driver at its best.
func (s *suite) measureSinks(ctx context.Context) error {
	files := newPool(feature.ByLog, 32, 8192, 100_000) // more than a row group, or its pages would repeat themselves
	f, err := s.turns(ctx, "sink, rows of 20 columns", parquetSink(files, s.rows/8192+1), staticFile(files, s.rows/8192+1))
	if err != nil {
		return err
	}
	s.reached(overStatic, f[0], f[1], f[2])
	upserts := newPool(feature.ByEventTime, 8, 1000, 100_000)
	f, err = s.turns(ctx, "sink, rows of 20 columns", sqliteSink(upserts, s.rows/5000+1), byHand(upserts, s.rows/5000+1))
	if err != nil {
		return err
	}
	s.reached(overSQL, f[0], f[1], f[2])
	return nil
}

func parquetSink(p pool, batches int) contestant {
	return writing("parquet sink", p, batches, func(dir string) pipeline.Sink {
		return &parquet.Sink{Warehouse: dir, CommitEvery: time.Hour, CommitRows: 1 << 30}
	})
}

func sqliteSink(p pool, batches int) contestant {
	return writing("sqlite sink", p, batches, func(dir string) pipeline.Sink { return sqlite.Sink{File: dir + "/features.db"} })
}

// staticFile is parquet-go's own writer of a struct, into one file, with a sync.
func staticFile(p pool, batches int) contestant {
	made := make([][]row, len(p.batches))
	for i, rows := range p.batches {
		made[i] = structs(rows)
	}
	return contestant{"parquet-go, a static struct", func(_ context.Context, c *clock) (written int64, err error) {
		f, w, err := staticWriter()
		if err != nil {
			return 0, err
		}
		defer os.Remove(f.Name())
		c.start()
		defer c.stop()
		for n := range batches {
			k, err := writeStatic(f, w, made[n%len(made)], n == batches-1)
			if err != nil {
				return 0, err
			}
			if written += int64(k); written%(128<<10) == 0 && n < batches-1 {
				if err := w.Flush(); err != nil {
					return 0, err
				}
			}
		}
		return written, nil
	}}
}

func structs(rows *feature.Rows) []row {
	out := make([]row, rows.Len())
	for i := range out {
		r := rows.Row(i)
		out[i] = row{
			EntityID: r.String("entity_id"), UserID: r.Int64("user_id"), SessionID: r.String("session_id"),
			EventTime: r.Int64("event_time") * 1000, IngestTime: r.Int64("ingest_time") * 1000,
			Region: r.String("region"), Device: r.String("device"), Country: present(r, "country", r.String),
			Score: r.Float64("score"), CTR: r.Float64("ctr"), Price: r.Float64("price"), F1: r.Float64("f1"),
			F2: present(r, "f2", r.Float64), Count1d: r.Int64("cnt_1d"), Count7d: r.Int64("cnt_7d"),
			Count30d: present(r, "cnt_30d", r.Int64), Active: r.Bool("is_active"), Age: r.Int32("age"), ModelVersion: r.String("model_version"),
		}
		for _, v := range r.Value("embedding").([]any) {
			out[i].Embedding = append(out[i].Embedding, v.(float32))
		}
	}
	return out
}

func present[T any](r feature.Row, name string, value func(string) T) *T {
	if r.Null(name) {
		return nil
	}
	return new(value(name))
}

func short(n int64) string {
	switch {
	case n >= 1e6 && n%1e6 == 0:
		return fmt.Sprintf("%d M", n/1e6)
	case n >= 1e3 && n%1e3 == 0:
		return fmt.Sprintf("%d k", n/1e3)
	}
	return fmt.Sprint(n)
}
