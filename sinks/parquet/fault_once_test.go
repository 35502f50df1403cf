package parquet_test

import (
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
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

// orphansGo fails unless few files are left, and those are removed once they are old
// enough.
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
	if _, err := tidy.Compact(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Orphans(t.Context(), schema); err != nil || len(left) > 0 {
		t.Errorf("left are %q, %v", left, err)
	}
}

// Each call of the file system fails once while files are rewritten and rows of
// theirs are replaced. Nothing is lost, and the next compaction does what there is to do.
func TestACompactionWithACallThatFailsChangesNoRow(t *testing.T) {
	schema := rowgen.Timed(feature.ByEventTime)
	for once := int64(0); ; once++ {
		s := sinkIn(t)
		x := open(t, s, schema)
		manySmall(x, 5)
		other := &parquet.Sink{Warehouse: s.Warehouse, OrphanAge: -1}
		var steps, late atomic.Int64
		other.Fail(func(op, path string) error {
			if op == "sync" && late.Add(1) == 1 {
				manySmall(x, 1)
			}
			if steps.Add(1)-1 == once {
				return syscall.EIO
			}
			return nil
		})
		_, failed := other.Compact(t.Context(), schema)
		if failed != nil && !pipeline.IsTransient(failed) && !pipeline.IsRestart(failed) && !errors.Is(failed, syscall.EIO) {
			t.Fatalf("call %d: %v", once, failed)
		}
		expect := exactly(t, s, schema)
		if n := countArrow(t, s, "timed_1"); n != len(expect) {
			t.Fatalf("call %d: another reader sees %d rows of %d", once, n, len(expect))
		}
		other.Fail(nil)
		if _, err := other.Compact(t.Context(), schema); err != nil {
			t.Fatalf("after call %d: %v", once, err)
		}
		want(t, exactly(t, s, schema), expect)
		assertOnce(t, s, schema)
		if t.Failed() {
			t.Fatalf("after call %d failed", once)
		}
		orphansGo(t, s, schema)
		x.close()
		if steps.Load() <= once {
			if t.Logf("%d calls failed in turn", once); once < 20 {
				t.Error("too few to be all")
			}
			return
		}
	}
}
