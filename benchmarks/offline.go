package main

import (
	"context"
	"os"
	"time"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// offline is a table that a trial commits to.
type offline struct {
	dir    string
	sink   *parquet.Sink
	schema *feature.Schema
	w      pipeline.Writer
	lane   *feature.Lane
	next   int64 // offset
	rows   int64 // written, replaced or not
}

// openTable makes one that is committed to by hand. Settings that are not given are the defaults.
func openTable(ctx context.Context, s *feature.Schema, set parquet.Sink) (*offline, error) {
	dir, err := os.MkdirTemp("", "benchmarks-")
	if err != nil {
		return nil, err
	}
	set.Warehouse, set.CommitEvery, set.CommitRows = dir, time.Hour, 1<<30
	t := &offline{dir: dir, sink: &set, schema: s, lane: newLane(0)}
	t.w, err = openSink(ctx, &set, s, func(d feature.SpanTally) { t.rows += d.Written })
	return t, err
}

func (t *offline) close() {
	_ = t.w.Close()
	os.RemoveAll(t.dir)
}

// outside is how other software reads it.
func (t *offline) outside() icescan.Table { return icescan.Table{Warehouse: t.dir} }

// commit writes rows as the next of the lane, flushes, and says how long both took.
func (t *offline) commit(ctx context.Context, list ...*feature.Rows) (time.Duration, error) {
	began := time.Now()
	for _, rows := range list {
		for i := range rows.Records {
			rows.Records[i].Offset = t.next + int64(i)
		}
		rows.Spans = []feature.Span{{From: t.next, To: t.next + int64(rows.Len())}}
		t.next += int64(rows.Len())
		if err := t.w.Write(ctx, t.lane, rows); err != nil {
			return 0, err
		}
	}
	err := t.w.Flush(ctx)
	return time.Since(began), err
}

// fill commits the first rows of a pool's log, so many in each commit.
func (t *offline) fill(ctx context.Context, p pool, rows, each int) error {
	var list []*feature.Rows
	for n := range rows / p.size {
		if list = append(list, p.at(n)); len(list)*p.size < each && n < rows/p.size-1 {
			continue
		}
		if _, err := t.commit(ctx, list...); err != nil {
			return err
		}
		list = nil
	}
	return nil
}
