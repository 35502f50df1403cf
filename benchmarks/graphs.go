package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/stages"
)

// stores makes the two sinks of a trial. What they keep is gone once done is called.
type stores func() (online, offline pipeline.Sink, done func(), err error)

// counting stores only count: what is left is the cost of the graph.
func counting() (online, offline pipeline.Sink, done func(), err error) {
	return &memstore.Sink{Discard: true}, &memstore.Sink{For: feature.Offline, Discard: true}, func() {}, nil
}

// inParquet keeps rows offline, in a table.
func inParquet() (online, offline pipeline.Sink, done func(), err error) {
	dir, err := os.MkdirTemp("", "benchmarks-")
	if err != nil {
		return nil, nil, nil, err
	}
	return &memstore.Sink{Discard: true}, &parquet.Sink{Warehouse: dir}, func() { os.RemoveAll(dir) }, nil
}

// inBoth keeps rows in SQLite and in a table.
func inBoth() (online, offline pipeline.Sink, done func(), err error) {
	dir, err := os.MkdirTemp("", "benchmarks-")
	if err != nil {
		return nil, nil, nil, err
	}
	return sqlite.Sink{File: dir + "/online.db"}, &parquet.Sink{Warehouse: dir}, func() { os.RemoveAll(dir) }, nil
}

// wire is the graph of all benchmarks.
func wire(source pipeline.Source, decode stages.Decode, online, offline pipeline.Sink) *pipeline.Graph {
	g, ordered := wireOrdered("bench", source, decode)
	gathered := pipeline.Via(ordered, "batch", stages.Batch{})
	pipeline.Join(g, "commit", stages.Commit{},
		pipeline.To(ordered, "online", online), pipeline.To(gathered, "offline", offline))
	return g
}

// wireFresh gathers in front of the online store too: a trickle comes a few rows
// at a time, and the store answers once a batch.
func wireFresh(source pipeline.Source, decode stages.Decode, online, offline pipeline.Sink) *pipeline.Graph {
	g, ordered := wireOrdered("fresh", source, decode)
	pipeline.Join(g, "commit", stages.Commit{},
		pipeline.To(pipeline.Via(ordered, "online-batch", stages.Batch{}), "online", online),
		pipeline.To(pipeline.Via(ordered, "offline-batch", stages.Batch{}), "offline", offline))
	return g
}

// wireOrdered is what comes before the two branches.
func wireOrdered(name string, source pipeline.Source, decode stages.Decode) (*pipeline.Graph, pipeline.Flow[*feature.Rows]) {
	g := pipeline.New(name)
	g.Logger = quiet
	records := pipeline.From(g, "source", source)
	rows := pipeline.Via(records, "decode", decode)
	fresh := pipeline.Via(rows, "dedup", stages.Dedup{})
	return g, pipeline.Via(fresh, "order-guard", stages.OrderGuard{})
}

// graph is the whole graph over rows that are in memory.
func graph(name string, l load, decode stages.Decode, to stores) contestant {
	return contestant{name, func(ctx context.Context, c *clock) (int64, error) {
		return through(ctx, c, l, l.rows(), decode, to)
	}}
}

// through runs a graph to its end and counts the rows in its stores.
func through(ctx context.Context, c *clock, source pipeline.Source, want int64, decode stages.Decode, to stores) (int64, error) {
	online, offline, done, err := to()
	if err != nil {
		return 0, err
	}
	defer done()
	g := wire(source, decode, online, offline)
	c.start()
	err = g.Run(ctx)
	c.stop()
	if err != nil {
		return 0, err
	}
	if t := g.Ledger().Sinks["offline"]; decode.Schema == avrorow.Schema && !someDuplicates(t.Duplicate, t.Read) {
		return 0, fmt.Errorf("%d of %d rows were dropped as duplicates, want about 2 in 100", t.Duplicate, t.Read)
	}
	return g.Ledger().Read, kept(ctx, g, offline, want)
}

// kept compares the rows in the offline table with what the ledger says.
func kept(ctx context.Context, g *pipeline.Graph, offline pipeline.Sink, want int64) error {
	if read := g.Ledger().Read; read != want {
		return fmt.Errorf("%d rows were counted in the stores, want %d", read, want)
	}
	table, ok := offline.(*parquet.Sink)
	if !ok {
		return nil
	}
	s, err := schema()
	if err != nil {
		return err
	}
	rows := int64(0)
	for _, err := range table.Scan(ctx, s) {
		if err != nil {
			return err
		}
		rows++
	}
	t := g.Ledger().Sinks["offline"]
	if rows != t.Written-t.Replaced {
		return fmt.Errorf("the table holds %d rows, the ledger says %d", rows, t.Written-t.Replaced)
	}
	return nil
}

// channels are the same stages over plain channels, without a framework: a
// goroutine a stage and lane, with a channel of four batches between two.
func channels(l load, to stores) contestant {
	return contestant{"plain channels", func(ctx context.Context, c *clock) (int64, error) {
		online, offline, done, err := to()
		if err != nil {
			return 0, err
		}
		defer done()
		var counted atomic.Int64
		count := func(d feature.SpanTally) { counted.Add(d.Read) }
		c.start()
		toOnline, err := sinkOf(ctx, online, count)
		if err != nil {
			return 0, err
		}
		toOffline, err := sinkOf(ctx, offline, count)
		if err != nil {
			return 0, err
		}
		r := &line{ctx: ctx}
		for p := range l.partitions {
			r.lane(l, int32(p), toOnline, toOffline)
		}
		r.running.Wait()
		for _, w := range []pipeline.Writer{toOnline, toOffline} {
			r.failed(w.Flush(ctx))
			r.failed(w.Close())
		}
		c.stop()
		return counted.Load() / 2, errors.Join(r.errs...)
	}}
}

// line is a run over plain channels.
type line struct {
	ctx     context.Context
	running sync.WaitGroup

	mu   sync.Mutex
	errs []error
}

func (r *line) failed(err error) {
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.errs = append(r.errs, err)
	}
}

func (r *line) lane(l load, p int32, online, offline pipeline.Writer) {
	in := make(chan feature.Records, 4)
	r.running.Go(func() {
		defer close(in)
		for n := range l.batches {
			in <- batch(l.pool, l.parts[p], p, n, l.size)
		}
	})
	rows := step(r, work(), in)
	fresh := step(r, stages.Dedup{}, rows)
	ordered := step(r, stages.OrderGuard{}, fresh)
	toOnline, toBatch := make(chan *feature.Rows, 4), make(chan *feature.Rows, 4)
	r.running.Go(func() {
		defer close(toOnline)
		defer close(toBatch)
		for rows := range ordered {
			toOnline <- rows.Fork()
			toBatch <- rows.Fork()
		}
	})
	gathered := step(r, stages.Batch{}, toBatch)
	a, b := newLane(p), newLane(p)
	r.running.Go(func() { r.drain(a, online, toOnline) })
	r.running.Go(func() { r.drain(b, offline, gathered) })
}

func (r *line) drain(lane *feature.Lane, w pipeline.Writer, in <-chan *feature.Rows) {
	for rows := range in {
		r.failed(w.Write(r.ctx, lane, rows))
	}
}

// step runs a stage on a goroutine of its own.
func step[In, Out any](r *line, spec pipeline.Spec[In, Out], in <-chan In) <-chan Out {
	out := make(chan Out, 4)
	st, err := opened(r.ctx, spec)
	r.failed(err)
	r.running.Go(func() {
		defer close(out)
		for batch := range in {
			if st != nil {
				r.failed(st.Process(r.ctx, batch, func(o Out) { out <- o }))
			}
		}
	})
	return out
}
