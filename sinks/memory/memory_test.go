package memory_test

import (
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memory"
	"github.com/tandemdata/tandem/sinks/sinktest"
)

func TestSink(t *testing.T) {
	t.Run("online", func(t *testing.T) {
		sinktest.Run(t, func(testing.TB) sinktest.Target { return &memory.Sink{} })
	})
	t.Run("online_holding_rows", func(t *testing.T) {
		sinktest.Run(t, func(testing.TB) sinktest.Target { return &memory.Sink{HoldRows: 70} })
	})
	t.Run("offline", func(t *testing.T) {
		sinktest.Run(t, func(testing.TB) sinktest.Target { return &memory.Sink{For: feature.Offline} })
	})
	t.Run("offline_holding_rows", func(t *testing.T) {
		sinktest.Run(t, func(testing.TB) sinktest.Target { return &memory.Sink{For: feature.Offline, HoldRows: 70} })
	})
}

func BenchmarkSink(b *testing.B) {
	b.Run("online", func(b *testing.B) {
		sinktest.Bench(b, func(testing.TB) sinktest.Target { return &memory.Sink{} })
	})
	b.Run("discard", func(b *testing.B) {
		sinktest.Bench(b, func(testing.TB) sinktest.Target { return &memory.Sink{Discard: true} })
	})
}
