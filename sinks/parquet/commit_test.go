package parquet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestCommitsByItselfWhenTheTimeIsOver(t *testing.T) {
	s := sinkIn(t)
	s.CommitEvery = time.Millisecond
	x := open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 0, 1, 2, 3))
	eventually(t, func() bool { return x.next(0) == 3 })
}

func TestCommitsByItselfWhenThereAreManyRows(t *testing.T) {
	s := sinkIn(t)
	s.CommitRows = 4
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	for i := range int64(40) {
		x.write(l, amounts(0, i, i))
	}
	eventually(t, func() bool { return x.next(0) >= 36 })
}

// A commit hangs: half of the rows are in it, and half wait for the next.
func TestNoMoreRowsThanCommitRowsAreHeld(t *testing.T) {
	s := sinkIn(t)
	s.CommitRows = 10
	held := make(chan struct{})
	var hangs atomic.Bool
	s.Fail(func(op, path string) error {
		if op == "create" && strings.HasSuffix(path, ".avro") {
			hangs.Store(true)
			<-held
		}
		return nil
	})
	x := open(t, s, rowgen.Plain())
	defer close(held)
	l := x.lane(0)
	for i := range int64(10) {
		x.write(l, amounts(0, i, i))
	}
	eventually(t, hangs.Load)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.writer.Write(over, l, amounts(0, 10, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("an eleventh row: %v, want that it waits", err)
	}
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it doesn't come")
		}
	}
}

func TestAFlushIsOneCommit(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	for p := range int32(3) {
		x.write(x.lane(p), amounts(p, 0, int64(p)*10, int64(p)*10+1))
	}
	before := snapshots(t, s, "plain_1")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { x.flush() })
	}
	all.Wait()
	if n := snapshots(t, s, "plain_1") - before; n != 1 {
		t.Errorf("%d commits, want 1", n)
	}
}

func TestProgressWithoutRowsMakesASnapshot(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	empty := func(from, to int64) *feature.Rows {
		b := rowgen.NewBuilder(x.schema, at(0), from)
		b.Cut(to)
		return b.Rows()
	}
	for i := range int64(3) { // on an empty table, and on one with rows
		x.write(l, empty(20*i, 20*i+10))
		x.flush()
		if next := x.next(0); next != 20*i+10 {
			t.Errorf("the table is at %d, want %d", next, 20*i+10)
		}
		if n := snapshots(t, s, "plain_1"); n != int(2*i+1) {
			t.Errorf("%d snapshots, want %d", n, 2*i+1)
		}
		x.write(l, amounts(0, 20*i+10, 100+i))
		x.write(l, empty(20*i+11, 20*i+20))
		x.flush()
	}
	want(t, x.rows(), []string{
		"[key-with-a-long-beginning-100 100]@0:10", "[key-with-a-long-beginning-101 101]@0:30", "[key-with-a-long-beginning-102 102]@0:50",
	})
	if n := countArrow(t, s, "plain_1"); n != 3 {
		t.Errorf("another reader sees %d rows, want 3", n)
	}
}

func TestNothingIsCommittedWhereNothingAdvanced(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	x.write(l, amounts(0, 0, 1, 2))
	x.flush()
	x.flush()
	x.write(l, amounts(0, 0, 1, 2))
	x.flush()
	if n := snapshots(t, s, "plain_1"); n != 1 {
		t.Errorf("%d snapshots, want 1", n)
	}
}

func TestPartitionsOfOtherWritersAreCarriedOn(t *testing.T) {
	s := sinkIn(t)
	x, y := open(t, s, rowgen.Plain()), open(t, s, rowgen.Plain())
	mine, theirs := x.lane(0), y.lane(1)
	for i := range int64(5) {
		x.write(mine, amounts(0, 2*i, 10*i, 10*i+1))
		y.write(theirs, amounts(1, i, 10*i)) // a key of the other's, at a lower offset
		x.flush()
		y.flush()
	}
	if a, b := x.next(0), x.next(1); a != 10 || b != 5 {
		t.Errorf("the table is at %d and %d, want 10 and 5", a, b)
	}
	if n := len(x.rows()); n != 10 {
		t.Errorf("%d rows, want 10", n)
	}
}

func TestManyPartitionsKeepTheirProgress(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	for p := range int32(64) {
		x.write(x.lane(p), amounts(p, int64(p), int64(p)))
	}
	x.flush()
	y := open(t, s, rowgen.Plain())
	for p := range int32(64) {
		if next := y.next(p); next != int64(p)+1 {
			t.Errorf("partition %d is at %d, want %d", p, next, p+1)
		}
	}
	shown := map[string]feature.Progress{}
	text := load(t, s, "plain_1").Properties()["tandem.progress"]
	if err := json.Unmarshal([]byte(text), &shown); err != nil || len(shown) != 64 {
		t.Errorf("the table's property shows %d partitions: %v", len(shown), err)
	}
}

func TestTwoWritersRaceForEachCommit(t *testing.T) {
	s := sinkIn(t)
	const writers, commits = 3, 6
	var all sync.WaitGroup
	for p := range int32(writers) {
		x := open(t, s, rowgen.Plain())
		l := x.lane(p)
		all.Go(func() {
			for i := range int64(commits) {
				if err := x.writer.Write(t.Context(), l, amounts(p, i, i)); err != nil { // all write the same keys
					t.Errorf("write: %v", err)
				}
				for err := x.writer.Flush(t.Context()); err != nil; err = x.writer.Flush(t.Context()) {
					if !pipeline.IsTransient(err) {
						t.Errorf("flush: %v", err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	x := open(t, s, rowgen.Plain())
	var rows []string
	for i := range int64(commits) { // by log, the greatest partition wins at an equal offset
		rows = append(rows, fmt.Sprintf("[key-with-a-long-beginning-%d %d]@%d:%d", i, i, writers-1, i))
	}
	want(t, x.rows(), rows)
}

func TestAStaleWriterIsRefused(t *testing.T) {
	s := sinkIn(t)
	old := open(t, s, rowgen.Plain())
	l := old.lane(0)
	old.write(l, amounts(0, 0, 1, 2))
	old.flush()
	old.write(l, amounts(0, 2, 3, 4)) // not committed

	x := open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 2, 3, 4))
	x.flush()

	if err := old.writer.Flush(t.Context()); !pipeline.IsRestart(err) || !strings.Contains(err.Error(), "another writer") {
		t.Errorf("flush: %v, want a restart", err)
	}
	if err := old.writer.Write(t.Context(), l, amounts(0, 4, 5)); !pipeline.IsRestart(err) {
		t.Errorf("write after it: %v, want a restart", err)
	}
	old.close()
	if n := len(x.rows()); n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
}

func TestAStaleWriterIsToldByTheTimer(t *testing.T) {
	s := sinkIn(t)
	old := open(t, s, rowgen.Plain())
	l := old.lane(0)
	x := open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 0, 1, 2))
	x.flush()
	s.CommitEvery = time.Millisecond
	y := open(t, s, rowgen.Plain())
	y.write(l, amounts(0, 0, 1, 2))
	select {
	case err := <-y.failed:
		if !pipeline.IsRestart(err) {
			t.Errorf("failed by %v, want a restart", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the graph was not failed")
	}
}

func TestATableThatWentBackStopsTheGraph(t *testing.T) {
	s, other := sinkIn(t), sinkIn(t)
	x := open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 0, 1, 2))
	x.flush()
	y := open(t, other, rowgen.Plain())
	y.write(x.lane(0), amounts(0, 2, 3)) // a lane of a table that was further
	err := y.writer.Flush(t.Context())
	if err == nil || pipeline.IsRestart(err) || pipeline.IsTransient(err) || !strings.Contains(err.Error(), "went back") {
		t.Errorf("flush: %v, want an error that stops the graph", err)
	}
}

func TestAnUnstorableTimestampNamesItsRow(t *testing.T) {
	x := open(t, sinkIn(t), rowgen.Timed(feature.ByLog))
	rows := rowgen.Batch(x.schema, at(3),
		rowgen.Row{Offset: 10, Key: "a", Time: 1}, rowgen.Row{Offset: 11, Key: "b", Time: math.MaxInt64 / 999})
	l := x.lane(3)
	err := x.writer.Write(t.Context(), l, rows)
	var where *pipeline.RecordError
	if !errors.As(err, &where) || where.Offset != 11 || where.Partition != 3 {
		t.Fatalf("write: %v, want an error at 3@11", err)
	}
	rows.Drop(1, feature.Dead)
	x.write(l, rows)
	x.flush()
	if n := len(x.rows()); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}
