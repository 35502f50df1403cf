package memstore_test

import (
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sinks/sinktest"
)

func TestSink(t *testing.T) {
	t.Run("online", func(t *testing.T) {
		sinktest.Run(t, func(testing.TB) sinktest.Target { return &memstore.Sink{} })
	})
	t.Run("online_holding_rows", func(t *testing.T) {
		sinktest.Run(t, func(testing.TB) sinktest.Target { return &memstore.Sink{HoldRows: 70} })
	})
	t.Run("offline", func(t *testing.T) {
		sinktest.Run(t, func(testing.TB) sinktest.Target { return &memstore.Sink{For: feature.Offline} })
	})
	t.Run("offline_holding_rows", func(t *testing.T) {
		sinktest.Run(t, func(testing.TB) sinktest.Target { return &memstore.Sink{For: feature.Offline, HoldRows: 70} })
	})
}

func BenchmarkSink(b *testing.B) {
	b.Run("online", func(b *testing.B) {
		sinktest.Bench(b, func(testing.TB) sinktest.Target { return &memstore.Sink{} })
	})
	b.Run("discard", func(b *testing.B) {
		sinktest.Bench(b, func(testing.TB) sinktest.Target { return &memstore.Sink{Discard: true} })
	})
}
