package parquet_test

import (
	"testing"

	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sinktest"
)

func TestSink(t *testing.T) {
	sinktest.Run(t, func(t testing.TB) sinktest.Target {
		return target{&parquet.Sink{Warehouse: t.TempDir()}}
	})
}

// target has no column that is never null, for a delete has no features.
type target struct{ *parquet.Sink }

func (target) Limits() sinktest.Limits { return sinktest.Limits{AllNullable: true} }

func BenchmarkSink(b *testing.B) {
	sinktest.Bench(b, func(t testing.TB) sinktest.Target {
		return &parquet.Sink{Warehouse: t.TempDir()}
	})
}
