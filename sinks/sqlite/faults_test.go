package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
)

func TestAFullDiskIsTransient(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	schema := rowgen.Realistic(feature.ByLog)
	w := start(t, s, schema)
	put(t, w, (&rowgen.Gen{Schema: schema}).Batch(place, 0, 10))
	has := ask(t, s, "PRAGMA page_count")
	if err := w.table.conn.exec("PRAGMA max_page_count = " + has); err != nil {
		t.Fatal(err)
	}
	big := (&rowgen.Gen{Schema: schema, Keys: 100_000}).Batch(place, 10, 2000)
	if err := w.Write(t.Context(), lane(), big); !pipeline.IsTransient(err) {
		t.Fatalf("got %v", err)
	}
	s.want(t, "0", `SELECT count(*) FROM user_features_1 WHERE tandem_offset >= 10`)
	if err := w.table.conn.exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	put(t, w, big)
	s.want(t, "2009", `SELECT max(tandem_offset) FROM user_features_1`)
}

func TestALockedFileIsTransient(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db"), BusyTimeout: time.Millisecond}
	schema := rowgen.Plain()
	w := start(t, s, schema)
	other, err := s.connect("rw")
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if err := other.exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	rows := rowgen.Batch(schema, place, rowgen.Row{Key: "a", Value: 1})
	if err := w.Write(t.Context(), lane(), rows); !pipeline.IsTransient(err) {
		t.Errorf("got %v", err)
	}
	if err := other.exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	put(t, w, rows)
}

// A batch that the table can't hold fails alone, not with those that happened
// to share its transaction.
func TestAFaultStaysWithItsLane(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	schema := rowgen.Plain()
	w := start(t, s, schema) // its goroutine is idle: the test writes in its place
	b := rowgen.NewBuilder(schema, place, 0)
	b.Add(feature.Record{}, feature.Upsert, nil, int64(1)) // a key that is null
	answer := func(rows *feature.Rows) job { return job{lane(), rows, make(chan error, 1)} }
	good, bad := answer(rowgen.Batch(schema, place, rowgen.Row{Key: "a", Value: 1})), answer(b.Rows())
	w.write([]job{good, bad})
	if err := <-good.done; err != nil {
		t.Errorf("the good batch: %v", err)
	}
	if err := <-bad.done; err == nil || pipeline.IsTransient(err) {
		t.Errorf("the bad batch: %v", err)
	}
	s.want(t, "1", `SELECT count(*) FROM plain_1`)
}

func TestWaitingLanesShareATransaction(t *testing.T) {
	schema := rowgen.Plain()
	w := &writer{sink: Sink{GroupRows: 4}, jobs: make(chan job, 9)}
	for range 9 {
		w.jobs <- job{rows: rowgen.Batch(schema, place, rowgen.Row{Key: "a"}, rowgen.Row{Offset: 1, Key: "b"})}
	}
	if n := len(w.gather(<-w.jobs)); n != 2 {
		t.Errorf("gathered %d batches of 2 rows into transactions of 4", n)
	}
	w.sink.GroupRows = 0
	if n := len(w.gather(<-w.jobs)); n != 7 {
		t.Errorf("gathered %d of the 7 that wait", n)
	}
}

func TestAClosedWriterSaysSo(t *testing.T) {
	schema := rowgen.Plain()
	w := start(t, Sink{File: filepath.Join(t.TempDir(), "features.db")}, schema)
	_ = w.Close()
	if err := w.Write(context.Background(), lane(), rowgen.Batch(schema, place)); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
}

// Rows of 300 kB are written a few at a time, so that what is kept of them
// doesn't grow with the batch.
func TestLongRowsAreWrittenFewAtATime(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	schema := rowgen.Plain()
	w := start(t, s, schema)
	var rows []rowgen.Row
	for i := range 40 {
		rows = append(rows, rowgen.Row{Offset: int64(i), Key: strings.Repeat(string(rune('A'+i)), 300_000)})
	}
	put(t, w, rowgen.Batch(schema, place, rows...))
	s.want(t, "40", `SELECT count(DISTINCT id) FROM plain_1 WHERE length(id) = 300000`)
	if kept := cap(w.table.values.bytes) + w.table.conn.room; kept > 6<<20 {
		t.Errorf("%d bytes are kept of rows of 300,000", kept)
	}
}

func TestALongTextDoesNotHoldItsMemory(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	schema := rowgen.Plain()
	w := start(t, s, schema)
	put(t, w, rowgen.Batch(schema, place, rowgen.Row{Key: strings.Repeat("k", 20<<20)}))
	put(t, w, rowgen.Batch(schema, place, rowgen.Row{Offset: 1, Key: "k"}))
	s.want(t, "2", `SELECT count(*) FROM plain_1 WHERE length(id) IN (1, 20971520)`)
	if kept := cap(w.table.values.bytes) + w.table.conn.room; kept > 2*keptBytes {
		t.Errorf("%d bytes are kept after a text of 20 MiB", kept)
	}
}

// TestKilledWriter kills a process that writes, without warning, and looks for
// every row that it had reported.
func TestKilledWriter(t *testing.T) {
	if file := os.Getenv("TANDEM_SQLITE_CHILD"); file != "" {
		writeForEver(t, Sink{File: file})
		return
	}
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	for round := range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWriter$", "-test.v")
		child.Env = append(os.Environ(), "TANDEM_SQLITE_CHILD="+s.File)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		reported := int64(-1)
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); {
			if _, err := fmt.Sscanf(lines.Text(), "durable before %d", &reported); err == nil {
				if n++; n == 20*(round+1) {
					_ = child.Process.Kill()
				}
			}
		}
		_ = child.Wait()
		if reported < 0 {
			t.Fatal("the child reported nothing")
		}
		s.holdsBefore(t, reported)
	}
}

// writeForEver overwrites 50 keys again and again.
func writeForEver(t *testing.T, s Sink) {
	schema := rowgen.Plain()
	n := new(pipelinetest.Lanes).SinkNode("online", schema, func(_ *feature.Lane, done []feature.SpanTally) {
		fmt.Printf("\ndurable before %d\n", done[len(done)-1].To)
	}, func(error) {})
	w, err := s.Open(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	l := lane()
	for from := int64(0); ; from += 50 {
		var rows []rowgen.Row
		for k := range int64(50) {
			rows = append(rows, rowgen.Row{Offset: from + k, Key: fmt.Sprint(k), Value: from})
		}
		if err := w.Write(t.Context(), l, rowgen.Batch(schema, place, rows...)); err != nil {
			t.Fatal(err)
		}
	}
}

// holdsBefore fails unless all keys are from one batch, at or after the one
// reported: a transaction is there as a whole.
func (s Sink) holdsBefore(t *testing.T, reported int64) {
	t.Helper()
	s.want(t, "50 1", `SELECT count(*) || ' ' || count(DISTINCT amount) FROM plain_1`)
	s.want(t, "1", `SELECT min(tandem_offset) >= ? FROM plain_1`, reported-50)
	if ok := ask(t, s, "PRAGMA integrity_check"); !strings.EqualFold(ok, "ok") {
		t.Errorf("integrity: %s", ok)
	}
}
