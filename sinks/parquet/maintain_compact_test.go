package parquet_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// exactly is what scan gives, with floats by their bits.
func exactly(t testing.TB, sink *parquet.Sink, schema *feature.Schema) []string {
	t.Helper()
	var out []string
	for row, err := range sink.Scan(t.Context(), schema) {
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		out = append(out, fmt.Sprint(row.Version, bits(row.Values)))
	}
	slices.Sort(out)
	return out
}

func bits(v any) any {
	switch v := v.(type) {
	case float64:
		return math.Float64bits(v)
	case float32:
		return math.Float32bits(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = bits(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = bits(v[k])
		}
		return out
	}
	return v
}

// manySmall fills a table by small commits, of which some replace rows of others.
func manySmall(x *session, commits int) {
	g := &rowgen.Gen{Schema: x.schema, Seed: 31, Keys: 300, Times: 2, Deletes: 10, Extremes: true}
	l := x.lane(0)
	from := x.lanes.Next(l, "offline")
	for i := range commits {
		x.write(l, g.Batch(at(0), from+int64(i*50), 50))
		x.flush()
	}
}

func TestACompactionChangesNoRowAndNoOffset(t *testing.T) {
	s, schema := sinkIn(t), rowgen.EveryType(feature.ByEventTime, nil)
	x := open(t, s, schema)
	manySmall(x, 30)
	before, next, files := exactly(t, s, schema), x.next(0), len(planned(t, s, schema))
	s.Hold(200<<10, 1)
	done, err := s.Compact(t.Context(), schema)
	if err != nil || done.Before < 20 || done.After != 1 || done.Deletes < 10 {
		t.Fatalf("%+v, %v, of %d files", done, err, files)
	}
	after := exactly(t, s, schema)
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			at := 0
			for at < len(before[i]) && at < len(after[i]) && before[i][at] == after[i][at] {
				at++
			}
			t.Fatalf("row %.40s\nbefore …%.200s\nand after …%.200s", before[i], before[i][at:], after[i][at:])
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d rows before, %d after", len(before), len(after))
	}
	if got := x.next(0); got != next {
		t.Errorf("the table is at %d, and was at %d", got, next)
	}
	if n := len(planned(t, s, schema)); n != files-done.Before-done.Dropped+done.After {
		t.Errorf("%d data files after %+v of %d", n, done, files)
	}
	if unsorted, err := s.Unsorted(t.Context(), schema); err != nil || len(unsorted) != files-done.Before-done.Dropped {
		t.Errorf("not sorted are %q: %v", unsorted, err)
	}
	again, err := s.Compact(t.Context(), schema)
	if err != nil || again != (parquet.Compaction{}) {
		t.Errorf("again: %+v, %v", again, err)
	}
	// The rows are found in their new files, by a writer that knew the old ones.
	manySmall(x, 3)
	if n, m := len(exactly(t, s, schema)), countArrow(t, s, schema.Group.Table()); n != m {
		t.Errorf("%d rows, and %d to another reader", n, m)
	}
	assertOnce(t, s, schema)
}

// planned are the data files of the current snapshot.
func planned(t testing.TB, s *parquet.Sink, schema *feature.Schema) []string {
	t.Helper()
	tasks, err := load(t, s, schema.Group.Table()).Scan().PlanFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, task := range tasks {
		out = append(out, task.File.FilePath())
	}
	return out
}

// assertOnce fails on two rows of one identity.
func assertOnce(t testing.TB, s *parquet.Sink, schema *feature.Schema) {
	t.Helper()
	seen := map[string]feature.Version{}
	for row, err := range s.Scan(t.Context(), schema) {
		if err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprint(row.Values[schema.Time()])
		for _, key := range schema.Keys() {
			id += fmt.Sprintf(" %v", row.Values[key])
		}
		if v, twice := seen[id]; twice {
			t.Fatalf("%s is there twice: %+v and %+v", id, v, row.Version)
		}
		seen[id] = row.Version
	}
}

// An upsert lands between the reading of the old files and the commit of the
// new one: what it replaced must not come back.
func TestRowsThatAreReplacedDuringACompactionStayReplaced(t *testing.T) {
	s, schema := sinkIn(t), rowgen.Realistic(feature.ByEventTime)
	x := open(t, s, schema)
	manySmall(x, 12)
	var raced atomic.Bool
	other := &parquet.Sink{Warehouse: s.Warehouse}
	other.Fail(func(op, path string) error {
		if op == "create" && strings.Contains(path, "/data/") && raced.CompareAndSwap(false, true) {
			manySmall(x, 1)
		}
		return nil
	})
	want := x.next(0) + 50
	done, err := other.Compact(t.Context(), schema)
	if err != nil || done.Before < 12 || !raced.Load() {
		t.Fatalf("%+v, %v, raced: %v", done, err, raced.Load())
	}
	if got := x.next(0); got != want {
		t.Errorf("the table is at %d, want %d", got, want)
	}
	assertOnce(t, s, schema)
	if n, m := len(exactly(t, s, schema)), countArrow(t, s, schema.Group.Table()); n != m {
		t.Errorf("%d rows, and %d to another reader", n, m)
	}
	if left := len(dataFiles(t, s, schema.Group.Table())); left == 0 {
		t.Error("no data files")
	}
}

// And the other way about: the compaction lands while the upsert is between its
// look-up and its commit.
func TestAnUpsertThatRacesWithACompactionLooksItsRowsUpAgain(t *testing.T) {
	s, schema := sinkIn(t), rowgen.Realistic(feature.ByEventTime)
	x := open(t, s, schema)
	manySmall(x, 12)
	x.close()
	var done parquet.Compaction
	racing := &parquet.Sink{Warehouse: s.Warehouse, CommitEvery: s.CommitEvery}
	racing.Fail(func(op, path string) error {
		if op != "create" || !strings.Contains(path, "-deletes") || done.Before > 0 {
			return nil
		}
		var err error
		done, err = s.Compact(t.Context(), schema)
		return err
	})
	y := open(t, racing, schema)
	manySmall(y, 1)
	if done.Before < 12 {
		t.Fatalf("no compaction came between: %+v", done)
	}
	assertOnce(t, s, schema)
}

// However many upserts come while it works, a compaction is done once.
func TestACompactionKeepsUpWithATableThatChangesAllTheTime(t *testing.T) {
	s, schema := sinkIn(t), rowgen.Realistic(feature.ByEventTime)
	x := open(t, s, schema)
	manySmall(x, 8)
	other := &parquet.Sink{Warehouse: s.Warehouse}
	other.Fail(func(op, path string) error {
		if op == "create" && strings.Contains(path, "/data/") && !strings.HasSuffix(path, "-deletes.parquet") {
			manySmall(x, 1)
		}
		return nil
	})
	done, err := other.Compact(t.Context(), schema)
	if err != nil || done.Before < 8 || done.Commits > 5 || done.Moved == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	assertOnce(t, s, schema)
	if n, m := len(exactly(t, s, schema)), countArrow(t, s, schema.Group.Table()); n != m {
		t.Errorf("%d rows, and %d to another reader", n, m)
	}
}

func TestFilesAreSortedByWhatIsSet(t *testing.T) {
	s, schema := sinkIn(t), rowgen.Timed(feature.ByEventTime)
	s.Sort = "event_time, amount"
	s.Hold(1, 1)
	x := open(t, s, schema)
	g := rowgen.Gen{Schema: schema, Seed: 3, Keys: 50, Times: 4, Deletes: 10}
	l := x.lane(0)
	for i := range int64(6) {
		x.write(l, g.Batch(at(0), i*50, 50))
		x.flush()
	}
	before := x.rows()
	if done, err := s.Compact(t.Context(), schema); err != nil || done.After != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if unsorted, err := s.Unsorted(t.Context(), schema); err != nil || len(unsorted) > 0 {
		t.Errorf("not sorted by %s: %q, %v", s.Sort, unsorted, err)
	}
	want(t, x.rows(), before)
	s.Sort = ""
	if unsorted, err := s.Unsorted(t.Context(), schema); err != nil || len(unsorted) != 1 {
		t.Errorf("sorted by the key all the same: %q, %v", unsorted, err)
	}
	for sort, says := range map[string]string{"nobody": "no column", "a,": "no column"} {
		if err := (&parquet.Sink{Warehouse: "w", Sort: sort}).Check(schema); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", sort, err)
		}
	}
}
