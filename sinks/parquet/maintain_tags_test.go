package parquet_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// tagsOf are the names of the table's tags that begin so.
func tagsOf(t *table.Table, prefix string) []string {
	names := slices.Sorted(maps.Keys(maps.Collect(t.Metadata().Refs())))
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix) })
}

// rowsAt is how many rows another reader finds by a tag.
func rowsAt(t *testing.T, tbl *table.Table, name string) (n int64) {
	t.Helper()
	scan, err := tbl.Scan().UseRef(name)
	if err != nil {
		t.Fatal(name, err)
	}
	_, batches, err := scan.ToArrowRecords(t.Context())
	if err != nil {
		t.Fatal(name, err)
	}
	for b, err := range batches {
		if err != nil {
			t.Fatal(name, err)
		}
		n += b.NumRows()
		b.Release()
	}
	return n
}

func TestHoursAndDaysHaveTagsThatLastAsPromised(t *testing.T) {
	s, clock := sinkWithClock(t)
	s.Retain = 3 * 24 * time.Hour
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	rows := map[string]int64{} // when a day was over
	for range 8 * 4 {          // a commit each six hours
		day := time.Now().Add(time.Duration(clock.by.Load())).UTC().Format("daily-2006-01-02")
		at := x.lanes.Next(l, "offline")
		x.write(l, amounts(0, at, at, at+1))
		x.flush()
		rows[day] = at + 2
		clock.advance(6 * time.Hour)
		if at%16 == 14 {
			if _, err := s.Compact(t.Context(), x.schema); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Tidy(t.Context(), x.schema); err != nil {
			t.Fatal(err)
		}
	}
	tbl := load(t, s, "plain_1")
	daily, hourly := tagsOf(tbl, "daily-"), tagsOf(tbl, "hourly-")
	if len(daily) < 3 || len(daily) > 4 {
		t.Errorf("days with a tag: %q, want the last three", daily)
	}
	if len(hourly) < 24 || len(hourly) > 26 {
		t.Errorf("hours with a tag: %q, want those of a day", hourly)
	}
	for _, name := range daily {
		if n := rowsAt(t, tbl, name); n != rows[name] {
			t.Errorf("%s has %d rows, want %d", name, n, rows[name])
		}
	}
	rowsAt(t, tbl, hourly[0])
}

func TestATagPinsATrainingSet(t *testing.T) {
	s, clock := sinkWithClock(t)
	x := open(t, s, rowgen.Plain())
	if err := s.Tag(t.Context(), x.schema, "empty"); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("a table without rows was tagged: %v", err)
	}
	l := x.lane(0)
	smallCommits(x, l, 3)
	tag := func(name string) error { return s.Tag(t.Context(), x.schema, name) }
	if err := tag("trained-on"); err != nil {
		t.Fatal(err)
	}
	if err := tag("trained-on"); err != nil {
		t.Error("the same again:", err)
	}
	had := rowsAt(t, load(t, s, "plain_1"), "trained-on")
	smallCommits(x, l, 1)
	for _, name := range []string{"trained-on", "main", ""} {
		if err := tag(name); err == nil {
			t.Errorf("tag %q was put on another snapshot", name)
		}
	}
	for range 3 {
		clock.advance(400 * 24 * time.Hour)
		smallCommits(x, l, 21)
		if _, err := s.Compact(t.Context(), x.schema); err != nil {
			t.Fatal(err)
		}
	}
	if n := rowsAt(t, load(t, s, "plain_1"), "trained-on"); n != had {
		t.Errorf("%d rows, want the %d that there were", n, had)
	}
}

// Another engine commits on top of the newest progress, and expires all else.
func TestProgressOutlivesTheExpiryOfAnotherEngine(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	smallCommits(x, x.lane(0), 3)
	x.close()
	commitForeign(t, s, 3)
	tbl := load(t, s, "plain_1")
	var old []int64
	tag := tbl.SnapshotByName("tandem-progress")
	for _, snap := range tbl.Metadata().Snapshots() {
		if snap.SnapshotID != tbl.CurrentSnapshot().SnapshotID && snap.SnapshotID != tag.SnapshotID {
			old = append(old, snap.SnapshotID)
		}
	}
	change(t, s, tbl, table.NewRemoveSnapshotsUpdate(old, false))
	y := open(t, s, rowgen.Plain())
	if next := y.next(0); next != 6 {
		t.Errorf("the table is at %d, want 6", next)
	}
}

func TestTimeTravelReachesAllThatIsListed(t *testing.T) {
	s, clock := sinkWithClock(t)
	s.KeepSnapshots = 2
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	for range 100 {
		smallCommits(x, l, 1)
		clock.advance(20 * time.Second)
	}
	m := load(t, s, "plain_1").Metadata()
	log := slices.Collect(m.SnapshotLogs())
	if listed := m.Snapshots(); len(log) != len(listed) || len(log) > 60 {
		t.Fatalf("%d snapshots in the log, %d in the table", len(log), len(listed))
	}
	if span := time.Duration(log[len(log)-1].TimestampMs-log[0].TimestampMs) * time.Millisecond; span < 30*time.Minute {
		t.Errorf("the log reaches back by %v", span)
	}
}

func TestAReaderWithoutACatalogFindsTheNewestMetadata(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	hint := filepath.Join(s.Warehouse, "features", "plain_1", "metadata", "version-hint.text")
	names := func() {
		t.Helper()
		b, err := os.ReadFile(hint)
		if err != nil {
			t.Fatal(err)
		}
		at := load(t, s, "plain_1").MetadataLocation()
		if want := strings.TrimSuffix(filepath.Base(at), ".metadata.json"); string(b) != want {
			t.Errorf("the hint is %q, want %q", b, want)
		}
	}
	names()
	smallCommits(x, x.lane(0), 3)
	names()
	long := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(hint, long, long); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveOrphans(t.Context(), x.schema); err != nil {
		t.Fatal(err)
	}
	names()
}

// Who may only read its directory can open the catalog once the writer has gone: a
// file with a write-ahead log, which the header's bytes say, they could not.
func TestTheCatalogIsOneFileOnceTheWriterHasGone(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	smallCommits(x, x.lane(0), 2)
	b, err := os.ReadFile(filepath.Join(s.Warehouse, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	if b[18] != 1 || b[19] != 1 {
		t.Errorf("written and read by versions %d and %d of the format, want 1: no log", b[18], b[19])
	}
	x.close()
	beside, err := filepath.Glob(filepath.Join(s.Warehouse, "catalog.db?*"))
	for _, f := range beside {
		if i, err := os.Stat(f); err == nil && i.Size() > 0 {
			t.Errorf("%s has %d bytes", f, i.Size())
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func TestAWarehouseMayHaveAnyNameThatAReaderUnderstands(t *testing.T) {
	base := sinkIn(t).Warehouse
	for name, want := range map[string]bool{
		"my data": true, "größe": true, "a+b": true, "a&b=c": true, `quote'"`: true, "東京": true,
		"100%": false, "q?x": false, "h#x": false, "tab\tx": false, "new\nline": false, "\xff": false,
	} {
		s := sinkIn(t)
		s.Warehouse = filepath.Join(base, name)
		if err := s.Check(nil); err != nil || !want {
			if want || err == nil {
				t.Errorf("%q: %v", name, err)
			}
			continue
		}
		for range 2 {
			x := open(t, s, rowgen.Plain())
			l := x.lane(0)
			smallCommits(x, l, 2)
			if n, m := len(x.rows()), countArrow(t, s, "plain_1"); n == 0 || n != m {
				t.Errorf("%q: %d rows, %d to another reader", name, n, m)
			}
			x.close()
		}
		if _, err := s.Compact(t.Context(), schemaOf(t)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if orphans, err := s.Orphans(t.Context(), schemaOf(t)); err != nil || len(orphans) > 10 {
			t.Errorf("%q: orphans %q, %v", name, orphans, err)
		}
		if n := countArrow(t, s, "plain_1"); n == 0 {
			t.Errorf("%q: no rows are left", name)
		}
	}
}

func schemaOf(t *testing.T) *feature.Schema {
	t.Helper()
	return rowgen.Plain()
}
