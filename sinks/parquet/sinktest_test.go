package parquet_test

import (
	"context"
	"iter"
	"testing"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sinktest"
)

func TestSink(t *testing.T) {
	sinktest.Run(t, func(t testing.TB) sinktest.Target {
		s := &parquet.Sink{Warehouse: t.TempDir()}
		return target{s, icescan.Table{Warehouse: s.Warehouse}}
	})
}

// target is read by software that isn't the sink's. It has no column that is never
// null, for a delete has no features.
type target struct {
	*parquet.Sink
	icescan.Table
}

func (t target) Scan(ctx context.Context, s *feature.Schema) iter.Seq2[feature.Stored, error] {
	return t.Table.Scan(ctx, s)
}

func (target) Limits() sinktest.Limits { return sinktest.Limits{AllNullable: true} }

func BenchmarkSink(b *testing.B) {
	sinktest.Bench(b, func(t testing.TB) sinktest.Target {
		return &parquet.Sink{Warehouse: t.TempDir()}
	})
}
