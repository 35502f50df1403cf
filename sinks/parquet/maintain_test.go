package parquet_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

func TestMetadataStaysSmall(t *testing.T) {
	s := sinkIn(t)
	s.KeepSnapshots, s.KeepFor = 5, time.Nanosecond
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	const commits = 120
	var first, last time.Duration
	for i := range int64(commits) {
		began := time.Now()
		x.write(l, amounts(0, 2*i, i, i/2)) // appends, and takes rows' places
		x.flush()
		switch took := time.Since(began); {
		case i < 20:
			first += took / 20
		case i >= commits-20:
			last += took / 20
		}
	}
	t.Logf("a commit took %v at first and %v at the end", first, last)
	tbl := load(t, s, "plain_1")
	fs, err := tbl.FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := tbl.CurrentSnapshot().Manifests(fs)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(manifests); n > 50 {
		t.Errorf("%d manifests after %d commits", n, commits)
	}
	if n := len(tbl.Metadata().Snapshots()); n > 5+30 {
		t.Errorf("%d snapshots", n)
	}
	if n := metadataFiles(t, s, "plain_1"); n > 250 {
		t.Errorf("%d metadata files", n)
	}
	if next := x.next(0); next != 2*commits {
		t.Errorf("the table is at %d, want %d", next, 2*commits)
	}
	if n, m := len(x.rows()), countArrow(t, s, "plain_1"); n != commits || m != commits {
		t.Errorf("%d rows, %d to another reader, want %d", n, m, commits)
	}
}

func TestOldFilesOfNoSnapshotAreRemoved(t *testing.T) {
	s := sinkIn(t)
	s.Maintain = parquet.MaintainOn
	x := open(t, s, rowgen.Plain())
	x.write(x.lane(0), amounts(0, 0, 1, 2))
	x.flush()
	x.close()
	data := filepath.Join(s.Warehouse, "features", "plain_1", "data")
	long := time.Now().Add(-48 * time.Hour)
	for name, old := range map[string]bool{"left.parquet": true, "being-written.parquet": false} {
		if err := os.WriteFile(filepath.Join(data, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if old {
			if err := os.Chtimes(filepath.Join(data, name), long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range dataFiles(t, s, "plain_1") { // the table's own files may be as old
		if filepath.Base(f) != "being-written.parquet" {
			if err := os.Chtimes(f, long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	y := open(t, s, rowgen.Plain())
	y.write(y.lane(0), amounts(0, 2, 2))
	y.flush()
	eventually(t, func() bool { _, err := os.Stat(filepath.Join(data, "left.parquet")); return os.IsNotExist(err) })
	if _, err := os.Stat(filepath.Join(data, "being-written.parquet")); err != nil {
		t.Errorf("a young file is gone: %v", err)
	}
	if n := len(y.rows()); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestClosingRemovesWhatWasNotCommitted(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	x.write(l, amounts(0, 0, 1, 2))
	x.flush()
	x.write(l, amounts(0, 2, 3))
	x.close()
	if files := dataFiles(t, s, "plain_1"); len(files) != 1 {
		t.Errorf("%d files, want 1: %v", len(files), files)
	}
}

func TestFilesRollAndAreReadWhole(t *testing.T) {
	s := sinkIn(t)
	s.FileRows, s.Files = 50, 2
	schema := rowgen.Realistic(feature.ByLog)
	x := open(t, s, schema)
	g := &rowgen.Gen{Schema: schema, Seed: 1, Keys: 1000}
	l := x.lane(0)
	for i := range int64(10) {
		x.write(l, g.Batch(at(0), 30*i, 30))
	}
	x.flush()
	if n := len(dataFiles(t, s, schema.Group.Table())); n != 5 {
		t.Errorf("%d files, want 5 of 60 rows", n)
	}
	if n, m := len(x.rows()), countArrow(t, s, schema.Group.Table()); n != 300 || m != 300 {
		t.Errorf("%d rows, %d to another reader, want 300", n, m)
	}
}

// Rows are found and deleted by their place in the file, across its row groups,
// and although the disk was full for a while in the midst of it.
func TestFilesOfSeveralRowGroups(t *testing.T) {
	s, d := sinkIn(t), &sick{op: "write", part: "/data/"}
	s.Fail(d.fail)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	const rows, part = 300_000, 10_000
	for from := int64(0); from < rows; from += part {
		d.broken.Store(from >= rows/3 && from < rows/2)
		x.write(l, numbered(from, part, 1, 0))
	}
	x.flush()
	x.write(l, numbered(rows, rows/1000, 1000, 1)) // every thousandth key again
	x.flush()
	if got := x.tally(0); got.Replaced != rows/1000 {
		t.Errorf("tally %+v, want %d replaced", got, rows/1000)
	}
	keys := map[string]bool{}
	again := 0
	for row, err := range s.Scan(t.Context(), x.schema) {
		if err != nil {
			t.Fatal(err)
		}
		keys[row.Values[0].(string)] = true
		if row.Values[1] == int64(1) {
			again++
		} else if row.Version.Offset%1000 == 0 {
			t.Errorf("offset %d is still there", row.Version.Offset)
		}
	}
	if len(keys) != rows || again != rows/1000 {
		t.Errorf("%d keys, %d of them again; want %d and %d", len(keys), again, rows, rows/1000)
	}
	if n := countArrow(t, s, "plain_1"); n != rows {
		t.Errorf("another reader sees %d rows, want %d", n, rows)
	}
}

// numbered is n rows with keys 0, step, 2*step and so on beyond from.
func numbered(from, n, step, value int64) *feature.Rows {
	first := from
	if step > 1 {
		first = 0
	}
	rows := make([]rowgen.Row, n)
	for i := range n {
		rows[i] = rowgen.Row{Offset: from + i, Key: strconv.FormatInt(first+i*step, 10), Value: value}
	}
	return rowgen.Batch(rowgen.Plain(), at(0), rows...)
}

func TestFewWritersAtATimeMakeFewFiles(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	for p := range int32(20) {
		x.write(x.lane(p), amounts(p, 0, int64(p)))
	}
	x.flush()
	if n := len(dataFiles(t, s, "plain_1")); n != 1 {
		t.Errorf("%d files, want 1", n)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for _, s := range []*parquet.Sink{
		{}, {Warehouse: "a?b"}, {Warehouse: "w", CommitRows: -1}, {Warehouse: "w", CommitEvery: time.Hour, OrphanAge: time.Minute},
	} {
		if s.Check(rowgen.Plain()) == nil {
			t.Errorf("%+v was accepted", s)
		}
	}
	if err := (&parquet.Sink{Warehouse: "w"}).Check(rowgen.EveryType(feature.ByLog, nil)); err != nil {
		t.Error(err)
	}
}
