package parquet_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// sick is a disk that can be made to fail.
type sick struct {
	broken atomic.Bool
	op     string // "" for any
	part   string // of the path
}

func (d *sick) fail(op, path string) error {
	if d.broken.Load() && (d.op == "" || d.op == op) && strings.Contains(path[strings.LastIndex(path, "features/")+1:], d.part) {
		return syscall.ENOSPC
	}
	return nil
}

func TestAFullDiskFailsTheCommitWholeAndThenPasses(t *testing.T) {
	for _, d := range []*sick{
		{op: "write", part: "/data/"},
		{op: "create", part: "/metadata/"},
		{op: "write", part: "-manifest.avro"},
		{op: "write", part: "metadata.json"},
		{op: "sync", part: "metadata.json"},
		{op: "sync", part: "snap-"},
		{op: "open", part: "/data/"},
		{op: "create", part: "-deletes.parquet"},
		{op: "write", part: "-deletes.parquet"},
	} {
		t.Run(d.op+"_"+strings.Trim(d.part, "/-."), func(t *testing.T) {
			s := sinkIn(t)
			s.Fail(d.fail)
			x := open(t, s, rowgen.Plain())
			l := x.lane(0)
			x.write(l, amounts(0, 0, 1, 2))
			x.flush()
			x.write(l, amounts(0, 2, 2, 3)) // takes a row's place
			d.broken.Store(true)
			err := x.writer.Flush(t.Context())
			if !pipeline.IsTransient(err) || !strings.Contains(err.Error(), "no space") {
				t.Fatalf("flush: %v, want a transient error", err)
			}
			x.write(l, amounts(0, 4, 4)) // the next cut is open
			d.broken.Store(false)
			if got := scan(t, &parquet.Sink{Warehouse: s.Warehouse}, x.schema); len(got) != 2 || x.next(0) != 2 {
				t.Errorf("after the failure: %d rows, next %d, want 2 and 2", len(got), x.next(0))
			}
			x.flush()
			want(t, x.rows(), []string{
				"[key-with-a-long-beginning-1 1]@0:0", "[key-with-a-long-beginning-2 2]@0:2",
				"[key-with-a-long-beginning-3 3]@0:3", "[key-with-a-long-beginning-4 4]@0:4",
			})
			if got := x.tally(0); got.Read != 5 || got.Written != 5 || got.Replaced != 1 || !got.Balanced() {
				t.Errorf("tally %+v", got)
			}
		})
	}
}

func TestACommitIsTriedAgainByItself(t *testing.T) {
	s, d := sinkIn(t), &sick{op: "create", part: "/metadata/"}
	s.Fail(d.fail)
	s.CommitEvery = time.Millisecond
	x := open(t, s, rowgen.Plain())
	d.broken.Store(true)
	x.write(x.lane(0), amounts(0, 0, 1))
	if err := x.writer.Flush(t.Context()); !pipeline.IsTransient(err) {
		t.Fatalf("flush: %v, want a transient error", err)
	}
	d.broken.Store(false)
	eventually(t, func() bool { return x.next(0) == 1 })
}

func TestADataFileThatCouldNotBeSyncedIsLost(t *testing.T) {
	s, d := sinkIn(t), &sick{op: "sync", part: ".parquet"}
	s.Fail(d.fail)
	x := open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 0, 1))
	d.broken.Store(true)
	if err := x.writer.Flush(t.Context()); !pipeline.IsRestart(err) {
		t.Fatalf("flush: %v, want a restart: the kernel may have dropped pages", err)
	}
	x.close()
	if files := dataFiles(t, s, "plain_1"); len(files) != 0 {
		t.Errorf("files that should be removed: %v", files)
	}
}

// A commit whose outcome is unknown is looked up in the table, not done twice.
func TestACommitThatLandedWithAnErrorIsNotDoneTwice(t *testing.T) {
	s, d := sinkIn(t), &sick{op: "committed"}
	s.Fail(d.fail)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	x.write(l, amounts(0, 0, 1, 2))
	d.broken.Store(true)
	if err := x.writer.Flush(t.Context()); !pipeline.IsTransient(err) {
		t.Fatalf("flush: %v, want a transient error", err)
	}
	if next := x.next(0); next != 2 {
		t.Fatalf("the table is at %d: the commit was to land", next)
	}
	d.broken.Store(false)
	x.write(l, amounts(0, 2, 3))
	x.flush()
	if n := snapshots(t, s, "plain_1"); n != 2 {
		t.Errorf("%d snapshots, want 2", n)
	}
	if got := x.tally(0); got.Written != 3 || len(x.rows()) != 3 {
		t.Errorf("%d rows, tally %+v, want 3 written", len(x.rows()), got)
	}
}

func TestClosingKeepsTheFilesOfACommitThatMayHaveLanded(t *testing.T) {
	s, d := sinkIn(t), &sick{op: "committed"}
	s.Fail(d.fail)
	x := open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 0, 1, 2))
	d.broken.Store(true)
	if err := x.writer.Flush(t.Context()); !pipeline.IsTransient(err) {
		t.Fatalf("flush: %v, want a transient error", err)
	}
	x.close()
	d.broken.Store(false)
	if n := len(x.rows()); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestALockedCatalogIsTransient(t *testing.T) {
	if testing.Short() {
		t.Skip("not tested: it takes as long as the catalog waits for a lock (run without -short)")
	}
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 0, 1))
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Warehouse, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := x.writer.Flush(t.Context()); !pipeline.IsTransient(err) {
		t.Errorf("flush: %v, want a transient error", err)
	}
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	x.flush()
	if n := len(x.rows()); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

// The disk stops for good at every step in turn, as if the process had been
// killed there; the next process takes up where the table is.
func TestStoppingAtAnyStepChangesNothing(t *testing.T) {
	schema := rowgen.Timed(feature.ByEventTime)
	batches := stoppingBatches(schema)
	var expect []string
	for stop := int64(-1); ; stop++ {
		s := sinkIn(t)
		s.FileRows, s.OrphanAge = 30, -1
		var steps atomic.Int64
		s.Fail(func(op, path string) error {
			if steps.Add(1) > stop && stop >= 0 {
				return syscall.EIO
			}
			return nil
		})
		if err := play(t, s, schema, batches); err != nil && stop < 0 {
			t.Fatal(err)
		}
		if stop < 0 {
			expect = scan(t, s, schema)
			continue
		}
		reached := steps.Load() > stop
		s.Fail(nil)
		for range 2 { // the second has nothing left to do
			if err := play(t, s, schema, batches); err != nil {
				t.Fatalf("after a stop at step %d: %v", stop, err)
			}
		}
		want(t, scan(t, s, schema), expect)
		if t.Failed() {
			t.Fatalf("after a stop at step %d", stop)
		}
		if !reached {
			t.Logf("%d steps", stop)
			return
		}
	}
}

// stoppingBatches rewrite few identities, with deletes.
func stoppingBatches(schema *feature.Schema) []*feature.Rows {
	g := &rowgen.Gen{Schema: schema, Seed: 5, Keys: 8, Times: 6, Deletes: 20}
	var out []*feature.Rows
	for i := range int64(5) {
		out = append(out, g.Batch(at(0), i*20, 20))
	}
	return out
}

// play writes what the table lacks, as a process does from its start to its end.
func play(t *testing.T, s *parquet.Sink, schema *feature.Schema, batches []*feature.Rows) error {
	x, err := try(t, s, schema)
	if err != nil {
		return err
	}
	defer func() { _ = x.writer.Close() }()
	p, ok, err := x.writer.(pipeline.ProgressStore).Progress(t.Context(), "t", 0)
	if err != nil {
		return err
	}
	c := feature.Lane{TopicPartition: at(0)}
	if ok {
		c.Resumed, c.Start = p, p.Counted
	}
	l := &c
	for i, rows := range batches {
		if rows.Span().From < c.Start {
			continue
		}
		err := x.writer.Write(t.Context(), l, rows)
		if err == nil && i%2 == 1 {
			err = x.writer.Flush(t.Context())
		}
		if err != nil {
			return err
		}
	}
	return x.writer.Flush(t.Context())
}
