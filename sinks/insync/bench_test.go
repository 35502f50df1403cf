package insync_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/insync"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// BenchmarkVerify compares SQLite with an offline table of five rows a key. TANDEM_KEYS
// is how many keys there are.
func BenchmarkVerify(b *testing.B) {
	keys := 20_000
	if n, err := strconv.Atoi(os.Getenv("TANDEM_KEYS")); err == nil {
		keys = n
	}
	for _, s := range []*feature.Schema{rowgen.Timed(feature.ByEventTime), rowgen.Realistic(feature.ByEventTime)} {
		b.Run(fmt.Sprintf("columns=%d", len(s.Fields)), func(b *testing.B) { benchVerify(b, s, keys) })
	}
}

func benchVerify(b *testing.B, s *feature.Schema, keys int) {
	online := sqliteIn(b)
	offline := &parquet.Sink{Warehouse: filepath.Join(b.TempDir(), "warehouse"), CommitEvery: time.Hour, Maintain: parquet.MaintainOff}
	fill(b, s, keys, online, offline)
	// As the command does for 256 MiB: half for the rows, and the collector keeps to the whole.
	v := insync.Verify{Schema: s, Offline: offline, Online: online, Scratch: b.TempDir(), Memory: 128 << 20}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(256 << 20))
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // where there is one, the peak is forgotten
	for b.Loop() {
		got, err := v.Run(b.Context())
		if err != nil || got.Found() > 0 {
			b.Fatal(got, err)
		}
		keys = int(got.Keys)
	}
	b.ReportMetric(float64(keys*b.N)/b.Elapsed().Seconds(), "keys/s")
	b.ReportMetric(peak(), "MiB-peak")
}

// peak is the most memory that the process had resident, in MiB; 0 where nobody says.
func peak() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kib) / 1024
		}
	}
	return 0
}

// fill writes rows of as many keys into both stores, five of each.
func fill(b *testing.B, s *feature.Schema, keys int, sinks ...pipeline.Sink) {
	var open []pipeline.Writer
	for _, sink := range sinks {
		w, err := sink.Open(b.Context(), new(pipelinetest.Lanes).SinkNode(sink.Store().String(), s, nil, func(err error) { b.Error(err) }))
		if err != nil {
			b.Fatal(err)
		}
		defer w.Close()
		open = append(open, w)
	}
	lane := &feature.Lane{TopicPartition: feature.TopicPartition{Topic: "rows"}}
	const block = 10_000
	for n := range (5*keys + block - 1) / block {
		g := rowgen.Gen{Schema: s, Seed: uint64(n), Keys: block, FirstKey: n * block % keys, Times: 1 << 20}
		rows := g.Batch(lane.TopicPartition, int64(n)*block, block)
		for _, w := range open {
			if err := w.Write(b.Context(), lane, rows.Fork()); err != nil {
				b.Fatal(err)
			}
			if n%100 == 99 {
				if err := w.Flush(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	for _, w := range open {
		if err := w.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
