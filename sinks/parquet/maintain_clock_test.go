package parquet_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/rowgen"
)

// A table is idle, a reader loads it, and the writer goes on: the reader's snapshot
// is old, and was current a moment ago.
func TestAReaderOfAnIdleTableHasItsFilesForKeepFor(t *testing.T) {
	s, clock := sinkWithClock(t)
	clock.advance(-30 * time.Hour)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	smallCommits(x, l, 10)
	reader := load(t, s, "plain_1")
	files := filesOf(t, reader)
	long := time.Now().Add(-30 * time.Hour)
	for _, f := range files {
		if err := os.Chtimes(f, long, long); err != nil {
			t.Fatal(err)
		}
	}
	clock.advance(30 * time.Hour)
	if _, err := s.Compact(t.Context(), x.schema); err != nil {
		t.Fatal(err)
	}
	smallCommits(x, l, 45)
	x.close() // waits for the sweeper
	if err := s.RemoveOrphans(t.Context(), x.schema); err != nil {
		t.Fatal(err)
	}
	if gone := missing(files); len(gone) > 0 {
		t.Errorf("%d of %d files are gone: %q", len(gone), len(files), gone)
	}
	clock.advance(62 * time.Minute)
	y := open(t, s, rowgen.Plain())
	smallCommits(y, y.lane(0), 20)
	if load(t, s, "plain_1").SnapshotByID(reader.CurrentSnapshot().SnapshotID) != nil {
		t.Error("the snapshot is listed for ever")
	}
}

func TestAClockThatIsBehindStopsNothing(t *testing.T) {
	s, clock := sinkWithClock(t)
	clock.advance(365 * 24 * time.Hour)
	x := open(t, s, rowgen.Plain())
	smallCommits(x, x.lane(0), 2)
	clock.advance(-365 * 24 * time.Hour)
	y := open(t, s, rowgen.Plain())
	l := y.lane(0)
	var listed []int64
	for range 4 {
		smallCommits(y, l, 21)
		listed = append(listed, load(t, s, "plain_1").CurrentSnapshot().SnapshotID)
		clock.advance(10 * time.Minute)
	}
	tbl := load(t, s, "plain_1")
	for i, id := range listed[:3] { // the last before ten minutes of nothing is the first to end in its part
		if tbl.SnapshotByID(id) == nil {
			t.Errorf("the newest of ten minutes, %d, is listed no more", i)
		}
	}
	if n := len(tbl.Metadata().Snapshots()); n > 60 {
		t.Errorf("%d snapshots", n)
	}
	if n, m := len(y.rows()), countArrow(t, s, "plain_1"); n != m {
		t.Errorf("%d rows, %d to another reader", n, m)
	}
}

// Files of a table whose gc.enabled is false may be those of other tables too.
func TestNothingIsRemovedWhereOthersOwnTheFiles(t *testing.T) {
	s, clock := sinkWithClock(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	smallCommits(x, l, 1)
	change(t, s, load(t, s, "plain_1"), table.NewSetPropertiesUpdate(iceberg.Properties{"gc.enabled": "false"}))
	stranger := filepath.Join(s.Warehouse, "features", "plain_1", "data", "stranger.parquet")
	long := time.Now().Add(-48 * time.Hour)
	if err := os.WriteFile(stranger, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(stranger, long, long); err != nil {
		t.Fatal(err)
	}
	files := metadataFiles(t, s, "plain_1")
	smallCommits(x, l, 45)
	clock.advance(3 * time.Hour)
	smallCommits(x, l, 20)
	x.close() // waits for the sweeper
	if err := s.RemoveOrphans(t.Context(), x.schema); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stranger); err != nil {
		t.Error(err)
	}
	if n := snapshots(t, s, "plain_1"); n != 66 {
		t.Errorf("%d snapshots, want all 66", n)
	}
	if n := metadataFiles(t, s, "plain_1"); n < files+65*3 {
		t.Errorf("%d files of metadata, of %d and 65 commits", n, files)
	}
}

func TestMetadataStaysWhereItIsToldTo(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	smallCommits(x, l, 1)
	change(t, s, load(t, s, "plain_1"), table.NewSetPropertiesUpdate(iceberg.Properties{"write.metadata.delete-after-commit.enabled": "false"}))
	first := load(t, s, "plain_1").MetadataLocation()
	smallCommits(x, l, 45)
	if _, err := os.Stat(first[len("file://"):]); err != nil {
		t.Error(err)
	}
}

// The main branch keeps its newest snapshots, whatever other branches have.
func TestOtherBranchesDontCountAgainstMain(t *testing.T) {
	s, _ := sinkWithClock(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	smallCommits(x, l, 25)
	tbl := load(t, s, "plain_1")
	change(t, s, tbl, table.NewSetSnapshotRefUpdate("trial", tbl.CurrentSnapshot().SnapshotID, table.BranchRef, 0, 0, 0))
	smallCommits(x, l, 35)
	tbl = load(t, s, "plain_1")
	n := 0
	for snap := tbl.CurrentSnapshot(); snap != nil; snap = parent(tbl, snap) {
		n++
	}
	if n < 20 {
		t.Errorf("the main branch has %d snapshots, want 20", n)
	}
}
