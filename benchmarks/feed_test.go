package benchmarks

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages"
)

const (
	batchRows  = 1024
	poolSize   = 64 // batches of different rows
	partitions = 4
)

var quiet = slog.New(slog.DiscardHandler)

func group() feature.Group {
	g := avrorow.Group()
	g.Order = feature.ByEventTime
	return g
}

// work is how every benchmark decodes.
func work() stages.Decode { return stages.Decode{Group: group(), Schema: avrorow.Schema} }

func schema(tb testing.TB) *feature.Schema {
	s, err := work().Describe(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// bodies are encoded rows, made once; offsets are set anew by those who use them.
var bodies = sync.OnceValue(func() []feature.Record {
	return avrorow.Log{Seed: 1, Keys: 20_000, Late: 0.02, Duplicate: 0.02}.Open().Records(batchRows * poolSize)
})

// batch is the n-th hand-over of a partition, with the offsets that follow.
func batch(p int32, n int) pipeline.Records {
	from := int64(n) * batchRows
	list := make([]feature.Record, batchRows)
	copy(list, bodies()[n%poolSize*batchRows:])
	for i := range list {
		list[i].Offset = from + int64(i)
	}
	return pipeline.Records{
		Place: feature.Place{Topic: "rows", Partition: p},
		Span:  feature.Span{From: from, To: from + batchRows}, List: list,
	}
}

// feed is a source of batches, as many in each partition.
type feed struct{ partitions, batches int }

func (f feed) Check() error { return nil }

func (f feed) Run(ctx context.Context, in *pipeline.Intake) error {
	var lanes sync.WaitGroup
	for p := range f.partitions {
		lanes.Go(func() { f.lane(ctx, in, int32(p)) })
	}
	lanes.Wait()
	return nil
}

func (f feed) lane(ctx context.Context, in *pipeline.Intake, p int32) {
	ready := make(chan struct{}, 1)
	l := in.Open(pipeline.LaneConfig{
		Place:  feature.Place{Topic: "rows", Partition: p},
		Commit: func(int64) {},
		Ready: func() {
			select {
			case ready <- struct{}{}:
			default:
			}
		},
	})
	for n := range f.batches {
		b := batch(p, n)
		if l.Push(b.List, b.Span) {
			select {
			case <-ready:
			case <-ctx.Done():
				return
			}
		}
	}
	l.End()
	<-l.Done()
}

// perRow reports what a person compares.
func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
}
