package sinktest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
)

// batchRows is the size of a benchmark's batches.
const batchRows = 1000

// Bench measures rows of twenty columns, from Write to durable. One operation
// is a batch of 1,000 rows; rows/s and allocs/row stand beside it. Every row is
// a new identity, except online, where keys come again.
func Bench(b *testing.B, open func(testing.TB) Target) {
	for _, o := range limits(open(b)).Orders {
		for _, lanes := range []int{1, 4} {
			b.Run(fmt.Sprintf("order=%v/lanes=%d", o, lanes), func(b *testing.B) { bench(b, open(b), o, lanes) })
		}
	}
}

func bench(b *testing.B, target Target, o feature.Order, lanes int) {
	s := rowgen.Realistic(o)
	var durable atomic.Int64
	node := new(pipelinetest.Lanes).SinkNode(nodeName, s, func(lane *feature.Lane, done []feature.SpanTally) {
		for _, span := range done {
			durable.Add(span.Read)
		}
	}, func(err error) { b.Error(err) })
	w, err := target.Open(b.Context(), node)
	if err != nil {
		b.Fatal(err)
	}
	work := share(s, b.N, lanes)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	var writing sync.WaitGroup
	for p, list := range work {
		lane := &feature.Lane{TopicPartition: at(int32(p)), TopicID: topicID}
		writing.Go(func() {
			for _, rows := range list {
				if err := w.Write(b.Context(), lane, rows); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	if err := w.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	runtime.ReadMemStats(&after)
	rows := int64(b.N) * batchRows
	if durable.Load() != rows {
		b.Fatalf("%d of %d rows were reported durable", durable.Load(), rows)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(rows), "allocs/row")
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// share deals n batches out to lanes. A few are made at random and come again
// with later offsets and event times, sharing their other columns.
func share(s *feature.Schema, n, lanes int) [][]*feature.Rows {
	work := make([][]*feature.Rows, lanes)
	for p := range work {
		g := &rowgen.Gen{Schema: s, Seed: uint64(p), Keys: 100_000, FirstKey: p * 100_000}
		made := batches(g, 0, min(8, n/lanes+1), batchRows)
		for i := 0; i*lanes+p < n; i++ {
			round := int64(i / len(made))
			work[p] = append(work[p], later(made[i%len(made)], int32(p), round*int64(len(made))*batchRows))
		}
	}
	return work
}

// later is the same rows further down the log of a partition.
func later(rows *feature.Rows, partition int32, by int64) *feature.Rows {
	l := feature.NewRows(rows.Schema, at(partition))
	l.Ops, l.Columns = rows.Ops, slices.Clone(rows.Columns)
	l.Records = slices.Clone(rows.Records)
	for i := range l.Records {
		l.Records[i].Offset += by
		l.Records[i].Timestamp += by
	}
	t := &l.Columns[rows.Schema.Time()]
	t.Int64s = slices.Clone(t.Int64s)
	for i := range t.Int64s {
		t.Int64s[i] += by * 1000
	}
	for _, span := range rows.Spans {
		l.Spans = append(l.Spans, feature.Span{From: span.From + by, To: span.To + by})
	}
	l.Outcomes[feature.Online], l.Outcomes[feature.Offline] = make([]feature.Outcome, rows.Len()), make([]feature.Outcome, rows.Len())
	l.Seal()
	return l
}
