package parquet_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// late is a clock that is so much ahead.
type late struct{ by atomic.Int64 }

func (l *late) now() time.Time          { return time.Now().Add(time.Duration(l.by.Load())) }
func (l *late) advance(d time.Duration) { l.by.Add(int64(d)) }

// sinkWithClock puts no tags, which would be wherever a test's clock passes an hour.
func sinkWithClock(t *testing.T) (*parquet.Sink, *late) {
	s, clock := sinkIn(t), &late{}
	s.Retain = -1
	s.Clock(clock.now)
	return s, clock
}

// smallCommits makes so many, which append and take rows' places.
func smallCommits(x *session, l *feature.Lane, commits int) {
	from := x.lanes.Next(l, "offline")
	for i := range int64(commits) {
		at := from + 2*i
		x.write(l, amounts(0, at, at/2, at/4))
		x.flush()
	}
}

func TestHistoryThinsOutHoweverManyCommitsThereAre(t *testing.T) {
	s, _ := sinkWithClock(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	smallCommits(x, l, 1)
	oldest := load(t, s, "plain_1").CurrentSnapshot().SnapshotID
	smallCommits(x, l, 79)
	tbl := load(t, s, "plain_1")
	if tbl.SnapshotByID(oldest) == nil {
		t.Error("the first of its minute is not listed")
	}
	// The newest, those since the last round, and the first of each minute.
	if n := snapshots(t, s, "plain_1"); n < 20 || n > 20+20+10 {
		t.Errorf("%d snapshots", n)
	}
	newest := tbl.CurrentSnapshot()
	for n := range 20 {
		if newest == nil {
			t.Fatalf("the newest but %d is not listed", n)
		}
		newest = parent(tbl, newest)
	}
	if next := x.next(0); next != 160 {
		t.Errorf("the table is at %d, want 160", next)
	}
}

func parent(t *table.Table, s *table.Snapshot) *table.Snapshot {
	if s.ParentSnapshotID == nil {
		return nil
	}
	return t.SnapshotByID(*s.ParentSnapshotID)
}

// filesOf are all files that a reader of a snapshot needs once it has planned.
func filesOf(t *testing.T, tbl *table.Table) []string {
	t.Helper()
	fs, err := tbl.FS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := tbl.CurrentSnapshot()
	manifests, err := s.Manifests(fs)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{s.ManifestList}
	for _, m := range manifests {
		files = append(files, m.FilePath())
		for e, err := range m.Entries(fs, true) {
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, e.DataFile().FilePath())
		}
	}
	for i, f := range files {
		files[i] = strings.TrimPrefix(f, "file://")
	}
	return files
}

func missing(files []string) (gone []string) {
	for _, f := range files {
		if _, err := os.Stat(f); err != nil {
			gone = append(gone, filepath.Base(f))
		}
	}
	return gone
}

// A reader has planned on a snapshot that is thinned out; its data files are
// rewritten besides.
func TestAReaderOfAThinnedSnapshotHasItsFilesForKeepFor(t *testing.T) {
	s, clock := sinkWithClock(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	smallCommits(x, l, 10)
	reader := load(t, s, "plain_1")
	files := filesOf(t, reader)
	if done, err := s.Compact(t.Context(), x.schema); err != nil || done.Before+done.Dropped < 7 {
		t.Fatalf("%+v, %v", done, err)
	}
	smallCommits(x, l, 30)
	clock.advance(58 * time.Minute)
	smallCommits(x, l, 20)
	if load(t, s, "plain_1").SnapshotByID(reader.CurrentSnapshot().SnapshotID) != nil {
		t.Fatal("the snapshot is still listed")
	}
	clock.advance(-58 * time.Minute)
	if n := countIn(t, reader); n != 10 {
		t.Errorf("the reader has %d rows, want 10", n)
	}
	if gone := missing(files); len(gone) > 0 {
		t.Errorf("gone within KeepFor: %q", gone)
	}

	clock.advance(62 * time.Minute)
	smallCommits(x, l, 20) // a round of maintenance
	eventually(t, func() bool { return len(missing(files)) == len(files) })
	if n, m := len(x.rows()), countArrow(t, s, "plain_1"); n != m || n != 80 {
		t.Errorf("%d rows, %d to another reader", n, m)
	}
	left, err := s.Orphans(t.Context(), x.schema)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 20*3 { // those of the newest round, which are young
		t.Errorf("%d files of no snapshot are left", len(left))
	}
}

func TestTagsAndBranchesAreKept(t *testing.T) {
	s, clock := sinkWithClock(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	smallCommits(x, l, 5)
	tbl := load(t, s, "plain_1")
	branched := tbl.CurrentSnapshot().SnapshotID
	change(t, s, tbl, table.NewSetSnapshotRefUpdate("trial", branched, table.BranchRef, 0, 0, 0))
	smallCommits(x, l, 5)
	tbl = load(t, s, "plain_1")
	tagged := tbl.CurrentSnapshot().SnapshotID
	files := filesOf(t, tbl)
	change(t, s, tbl, table.NewSetSnapshotRefUpdate("month-end", tagged, table.TagRef, 0, 0, 0))
	change(t, s, load(t, s, "plain_1"), table.NewSetSnapshotRefUpdate("short-lived", tagged, table.TagRef, 1000, 0, 0))
	smallCommits(x, l, 10)
	if _, err := s.Compact(t.Context(), x.schema); err != nil {
		t.Fatal(err)
	}
	clock.advance(3 * time.Hour)
	smallCommits(x, l, 40)
	clock.advance(3 * time.Hour)
	smallCommits(x, l, 20)
	tbl = load(t, s, "plain_1")
	var refs []string
	for name := range tbl.Metadata().Refs() {
		refs = append(refs, name)
	}
	slices.Sort(refs)
	if !slices.Equal(refs, []string{"main", "month-end", "tandem-progress", "trial"}) {
		t.Errorf("%q are left", refs)
	}
	if tbl.SnapshotByID(tagged) == nil || tbl.SnapshotByID(branched) == nil {
		t.Error("their snapshots are not listed")
	}
	if gone := missing(files); len(gone) > 0 {
		t.Errorf("gone: %q", gone)
	}
}

// commitForeign makes so many snapshots as another engine does, with the same rows.
func commitForeign(t *testing.T, s *parquet.Sink, commits int) {
	t.Helper()
	for range commits {
		tbl := load(t, s, "plain_1")
		addForeign(t, s, tbl, &tbl.CurrentSnapshot().SnapshotID)
	}
}

// addForeign adds a snapshot of another engine, which says that it has a parent, or none.
func addForeign(t *testing.T, s *parquet.Sink, tbl *table.Table, parent *int64) {
	t.Helper()
	other := *tbl.CurrentSnapshot()
	other.ParentSnapshotID, other.SequenceNumber = parent, tbl.Metadata().LastSequenceNumber()+1
	other.SnapshotID = other.SnapshotID/2 + other.SequenceNumber
	other.Summary = &table.Summary{Operation: table.OpReplace, Properties: iceberg.Properties{}}
	change(t, s, tbl, table.NewAddSnapshotUpdate(&other),
		table.NewSetSnapshotRefUpdate(table.MainBranch, other.SnapshotID, table.BranchRef, 0, 0, 0))
}

// Another engine's snapshots say nothing of progress: that below them stays.
func TestProgressStaysBelowSnapshotsOfAnotherEngine(t *testing.T) {
	s, clock := sinkWithClock(t)
	s.KeepSnapshots = 2
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	smallCommits(x, l, 4)
	commitForeign(t, s, 5)
	clock.advance(5 * time.Hour)
	if err := s.Tidy(t.Context(), x.schema); err != nil {
		t.Fatal(err)
	}
	if n := snapshots(t, s, "plain_1"); n != 7 {
		t.Errorf("%d snapshots, want the other engine's 5, the one with the progress and the one of this commit", n)
	}
	if next := x.next(0); next != 8 {
		t.Errorf("the table is at %d, want 8", next)
	}
	smallCommits(x, l, 1)
	if next := x.next(0); next != 10 {
		t.Errorf("the table is at %d, want 10", next)
	}
}

// If another engine did away with it, the log isn't read from its beginning as
// if nothing had been there.
func TestProgressThatAnotherEngineExpiredIsMissed(t *testing.T) {
	s, _ := sinkWithClock(t)
	x := open(t, s, rowgen.Plain())
	smallCommits(x, x.lane(0), 1)
	tbl := load(t, s, "plain_1")
	ours := tbl.CurrentSnapshot().SnapshotID
	commitForeign(t, s, 1)
	change(t, s, load(t, s, "plain_1"), table.NewRemoveSnapshotsUpdate([]int64{ours}, false))
	if _, _, err := x.writer.(pipeline.ProgressStore).Progress(t.Context(), "t", 0); err == nil || !strings.Contains(err.Error(), "were expired") {
		t.Errorf("progress: %v", err)
	}
}

// pyiceberg takes the parent away from a snapshot whose parent it expires: that is
// not the table's first, and the progress is where the tag is.
func TestProgressIsFoundBelowASnapshotWithoutAParent(t *testing.T) {
	s, _ := sinkWithClock(t)
	x := open(t, s, rowgen.Plain())
	smallCommits(x, x.lane(0), 2)
	ours := load(t, s, "plain_1").CurrentSnapshot().SnapshotID
	addForeign(t, s, load(t, s, "plain_1"), nil)
	if next := x.next(0); next != 4 {
		t.Errorf("the table is at %d, want 4", next)
	}
	change(t, s, load(t, s, "plain_1"), table.NewRemoveSnapshotsUpdate([]int64{ours}, false))
	if _, _, err := x.writer.(pipeline.ProgressStore).Progress(t.Context(), "t", 0); err == nil || !strings.Contains(err.Error(), "were expired") {
		t.Errorf("progress once the tag's snapshot is gone: %v", err)
	}
}
