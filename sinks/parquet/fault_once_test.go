package parquet_test

import (
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// Each call of the file system fails once, in turn. What passes by itself is
// tried again; after anything else the next process takes up where the table is.
func TestEachCallFailingOnceChangesNothing(t *testing.T) {
	schema := rowgen.Timed(feature.ByEventTime)
	batches := stoppingBatches(schema)
	causes := []error{syscall.ENOSPC, syscall.EIO}
	var expect []string
	for once := int64(-1); ; once++ {
		s := sinkIn(t)
		s.FileRows, s.OrphanAge = 30, -1
		var steps atomic.Int64
		s.Fail(func(op, path string) error {
			if steps.Add(1)-1 == once {
				return causes[once%2]
			}
			return nil
		})
		persist(t, s, schema, batches)
		if once < 0 {
			expect = scan(t, s, schema)
			continue
		}
		s.Fail(nil)
		want(t, scan(t, s, schema), expect)
		if t.Failed() {
			t.Fatalf("after call %d failed", once)
		}
		orphansGo(t, s, schema)
		if steps.Load() <= once {
			if t.Logf("%d calls failed in turn", once); once < 50 {
				t.Error("too few to be all")
			}
			return
		}
	}
}

// persist plays until it goes well: a fault happens once, and may cost a process
// or two.
func persist(t *testing.T, s *parquet.Sink, schema *feature.Schema, batches []*feature.Rows) {
	t.Helper()
	err := play(t, s, schema, batches)
	for again := 0; err != nil && again < 2; again++ {
		err = play(t, s, schema, batches)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// orphansGo fails unless few files are left, and those are removed when a sink is
// opened once it is old enough.
func orphansGo(t *testing.T, s *parquet.Sink, schema *feature.Schema) {
	t.Helper()
	const most = 20 // the files of a commit
	left, err := s.Orphans(t.Context(), schema)
	if err != nil || len(left) > most {
		t.Fatalf("%d orphans: %q, %v", len(left), left, err)
	}
	if len(left) == 0 {
		return
	}
	tidy := &parquet.Sink{Warehouse: s.Warehouse, CommitEvery: time.Nanosecond, KeepFor: time.Nanosecond, OrphanAge: time.Microsecond}
	w, err := tidy.Open(t.Context(), new(pipelinetest.Lanes).SinkNode("tidy", schema, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	eventually(t, func() bool {
		left, err := s.Orphans(t.Context(), schema)
		return err == nil && len(left) == 0
	})
}
