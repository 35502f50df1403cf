package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/tandemdata/tandem/sinks/sinktest"
)

func TestSink(t *testing.T) {
	sinktest.Run(t, func(t testing.TB) sinktest.Target {
		return Sink{File: filepath.Join(t.TempDir(), "features ?#%41.db")}
	})
}

func BenchmarkSink(b *testing.B) {
	sinktest.Bench(b, func(b testing.TB) sinktest.Target {
		return Sink{File: filepath.Join(b.TempDir(), "features.db")}
	})
}
