package parquet_test

import (
	"testing"

	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sinktest"
)

func TestSink(t *testing.T) {
	sinktest.Run(t, func(t testing.TB) sinktest.Target {
		return &parquet.Sink{Warehouse: t.TempDir()}
	})
}

func BenchmarkSink(b *testing.B) {
	sinktest.Bench(b, func(t testing.TB) sinktest.Target {
		return &parquet.Sink{Warehouse: t.TempDir()}
	})
}
