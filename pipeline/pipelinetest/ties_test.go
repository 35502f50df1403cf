package pipelinetest_test

import (
	"math"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
)

// embeddedStores are the stores that take no server. Cassandra's ties are
// tested beside its sink.
func embeddedStores(t *testing.T) map[string]target {
	return map[string]target{
		"memory online":  &memstore.Sink{},
		"memory offline": &memstore.Sink{For: feature.Offline},
		"sqlite":         &sqlite.Sink{File: filepath.Join(t.TempDir(), "online.db")},
		"parquet":        judged(&parquet.Sink{Warehouse: t.TempDir(), CommitEvery: time.Hour}),
	}
}

// rivals are rows of one key, each in a partition of its own, that only the
// order tells apart: corrections and deletes of one moment, and the extremes of
// time, offset and epoch.
func rivals() []rowgen.Row {
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli()
	return []rowgen.Row{
		{Key: "k", Time: 5, Offset: 7, Value: 1},
		{Key: "k", Time: 5, Offset: 7, Value: 2},
		{Key: "k", Time: 5, Offset: 3, Op: feature.Delete},
		{Key: "k", Time: 5, Offset: math.MaxInt64 - 1, Value: 4},
		{Key: "k", Time: last, Offset: 0, Value: 5},
		{Key: "k", Time: first, Offset: 8, Value: 6},
		{Key: "k", Time: last, Offset: 0, Op: feature.Delete},
	}
}

func TestOfAnyRowsTheGreatestWinsInAnyArrivalOrderFromTwoWriters(t *testing.T) {
	arrivals := 0
	for _, o := range orders {
		list := rivals()
		for a := range list {
			for b := range list {
				for c := range list {
					if a == b || b == c || a == c {
						continue
					}
					if slow := (a+b+c)%5 != 0; slow {
						continue // a fifth of all, with each row in each place
					}
					arrivals++
					for name, store := range embeddedStores(t) {
						if name == "parquet" && arrivals%6 != 0 {
							continue
						}
						arrive(t, name, store, o, list, []int{a, b, c})
					}
				}
			}
		}
	}
	t.Logf("%d arrival orders", arrivals)
}

// arrive writes rows one by one, turn by turn from two writers.
func arrive(t *testing.T, name string, store target, o feature.Order, list []rowgen.Row, arrival []int) {
	t.Helper()
	s := rowgen.Timed(o)
	log := pipelinetest.NewLog(s)
	writers := []pipeline.Writer{openWriter(t, store, s), openWriter(t, store, s)}
	for turn, i := range arrival {
		place := feature.TopicPartition{Topic: "rows", Partition: int32(i), Epoch: []int32{0, math.MaxInt32}[i%2]}
		rows := rowgen.Batch(s, place, list[i])
		log.Add(sent(rows)...)
		w := writers[turn%2]
		lane := &feature.Lane{TopicPartition: place}
		if err := w.Write(t.Context(), lane, rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := judge(log, store).Check(t.Context()); err != nil {
		t.Errorf("%s by %v, arriving as %v: %v", name, o, arrival, err)
	}
}

func judge(log *pipelinetest.Log, store target) pipelinetest.Oracle {
	if store.Store() == feature.Online {
		return pipelinetest.Oracle{Log: log, Online: store}
	}
	return pipelinetest.Oracle{Log: log, Offline: store}
}

func openWriter(t *testing.T, store target, s *feature.Schema) pipeline.Writer {
	t.Helper()
	w, err := store.Open(t.Context(), new(pipelinetest.Lanes).SinkNode("sink", s, nil, func(err error) { t.Error(err) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// Two writers at once, as two members of a group, upsert the same keys.
func TestTwoWritersAtOnceLeaveTheGreatestRows(t *testing.T) {
	for _, seed := range seeds(t, 6) {
		for name, store := range embeddedStores(t) {
			s := rowgen.Timed(feature.ByEventTime)
			log := pipelinetest.NewLog(s)
			var writing sync.WaitGroup
			for p := range int32(4) {
				g := rowgen.Gen{Schema: s, Seed: seed + uint64(p), Keys: 8, Times: 6, Deletes: 20}
				place := feature.TopicPartition{Topic: "rows", Partition: p}
				var batches []*feature.Rows
				for i := range int64(5) {
					rows := g.Batch(place, 20*i, 20)
					log.Add(sent(rows)...)
					batches = append(batches, rows)
				}
				w := openWriter(t, store, s)
				writing.Go(func() { writeAll(t, w, place, batches) })
			}
			writing.Wait()
			if err := judge(log, store).Check(t.Context()); err != nil {
				t.Fatalf("%s, seed %d: %v", name, seed, err)
			}
		}
	}
}

// writeAll writes the batches of a lane, and tries again what passes by itself.
func writeAll(t *testing.T, w pipeline.Writer, place feature.TopicPartition, batches []*feature.Rows) {
	lane := &feature.Lane{TopicPartition: place}
	for _, rows := range batches {
		for _, do := range []func() error{
			func() error { return w.Write(t.Context(), lane, rows) },
			func() error { return w.Flush(t.Context()) },
		} {
			err := do()
			for again := 0; pipeline.IsTransient(err) && again < 50; again++ {
				err = do()
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	}
}
