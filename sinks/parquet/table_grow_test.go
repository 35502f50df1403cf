package parquet_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

var (
	note  = feature.Field{Name: "note", Kind: feature.String, Nullable: true}
	score = feature.Field{Name: "score", Kind: feature.Float64, Nullable: true}
	// What is in it is never null where it is there itself.
	points = feature.Field{Name: "points", Kind: feature.List, Nullable: true, Children: []feature.Field{
		{Kind: feature.Struct, Children: []feature.Field{{Name: "x", Kind: feature.Float32}}},
	}}
)

func growing(t testing.TB, more ...feature.Field) *feature.Schema {
	t.Helper()
	s, err := rowgen.With(rowgen.Plain(), func(g *feature.Group) { g.Evolve = true }).WithColumns(more...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func row(s *feature.Schema, offset int64, values ...any) *feature.Rows {
	b := rowgen.NewBuilder(s, at(0), offset)
	b.Add(feature.Record{Offset: offset}, feature.Upsert, values...)
	return b.Rows()
}

func (x *session) evolve(s *feature.Schema) {
	x.Helper()
	if err := x.tryEvolve(s); err != nil {
		x.Fatalf("evolve: %v", err)
	}
}

func (x *session) tryEvolve(s *feature.Schema) error {
	return x.writer.(pipeline.Evolver).Evolve(x.Context(), s)
}

func columns(t testing.TB, s *parquet.Sink) []string {
	t.Helper()
	var names []string
	for _, f := range load(t, s, "plain_1").Schema().Fields() {
		names = append(names, f.Name)
	}
	return names
}

// Rows of the old schema and of the new go into one commit, in files of their own.
func TestRowsFromBeforeAGrowthAreCommittedAfterIt(t *testing.T) {
	s, wide := sinkIn(t), growing(t, note, points)
	x := open(t, s, growing(t))
	l := x.lane(0)
	x.write(l, row(growing(t), 0, "a", int64(1)))
	x.write(l, row(growing(t), 1, "b", int64(2)))
	x.evolve(wide)
	want(t, scan(t, s, wide), nil)
	if n := countArrow(t, s, "plain_1"); n != 0 {
		t.Errorf("another reader sees %d rows before the commit", n)
	}
	point := map[string]any{"x": float32(1.5)}
	x.write(l, row(wide, 2, "a", int64(3), "new", []any{point}))
	x.write(l, row(wide, 3, "c", int64(4), nil, nil))
	x.flush()
	want(t, scan(t, s, wide), []string{"[a 3 new [map[x:1.5]]]@0:2", "[b 2 <nil> <nil>]@0:1", "[c 4 <nil> <nil>]@0:3"})
	want(t, x.rows(), []string{"[a 3]@0:2", "[b 2]@0:1", "[c 4]@0:3"})
	if n := countArrow(t, s, "plain_1"); n != 3 {
		t.Errorf("another reader sees %d rows, want 3", n)
	}
	if n := snapshots(t, s, "plain_1"); n != 1 {
		t.Errorf("%d snapshots, want 1", n)
	}
	if n := len(dataFiles(t, s, "plain_1")); n != 3 {
		t.Errorf("%d files, want 2 of rows and 1 of deletes", n)
	}
}

// A process that ends between the two commits leaves columns without rows.
func TestAGrowthWhoseRowsAreLostIsTakenUpAgain(t *testing.T) {
	s, wide := sinkIn(t), growing(t, note)
	x := open(t, s, growing(t))
	x.write(x.lane(0), row(growing(t), 0, "a", int64(1)))
	x.evolve(wide)
	x.write(x.lane(0), row(wide, 1, "b", int64(2), "x"))
	x.close()
	want(t, scan(t, s, wide), nil)

	x = open(t, s, growing(t))
	if next := x.next(0); next != 0 {
		t.Errorf("the table is at %d, though nothing was committed", next)
	}
	l := x.lane(0)
	x.write(l, row(growing(t), 0, "a", int64(1)))
	x.flush()
	x.evolve(wide)
	x.write(l, row(wide, 1, "b", int64(2), "x"))
	x.flush()
	want(t, scan(t, s, wide), []string{"[a 1 <nil>]@0:0", "[b 2 x]@0:1"})
	if got := columns(t, s); !slices.Equal(got, []string{"id", "amount", "tandem_epoch", "tandem_partition", "tandem_offset", "tandem_time", "tandem_deleted", "tandem_only", "note"}) {
		t.Errorf("the table has %v", got)
	}
}

func TestWritersThatGrowATableAtOnceAllSucceed(t *testing.T) {
	s := sinkIn(t)
	const writers = 4
	var all sync.WaitGroup
	for p := range writers {
		mine := feature.Field{Name: fmt.Sprintf("own_%d", p), Kind: feature.Int64, Nullable: true}
		x := open(t, s, growing(t))
		all.Go(func() {
			for _, more := range [][]feature.Field{{note, mine}, {note, mine, points}} {
				if err := x.tryEvolve(growing(t, more...)); err != nil {
					t.Errorf("evolve: %v", err)
				}
			}
		})
	}
	all.Wait()
	got := columns(t, s)[8:]
	slices.Sort(got)
	if !slices.Equal(got, []string{"note", "own_0", "own_1", "own_2", "own_3", "points"}) {
		t.Errorf("the table got %v", got)
	}
}

// A column has one type: the process with the other gets an error that names both.
func TestOfTwoTypesAddedAtOnceOneIsRefused(t *testing.T) {
	s := sinkIn(t)
	fields := []feature.Field{note, {Name: "note", Kind: feature.Int64, Nullable: true}}
	errs := make([]error, len(fields))
	var all sync.WaitGroup
	for i, f := range fields {
		x := open(t, s, growing(t))
		all.Go(func() { errs[i] = x.tryEvolve(growing(t, f)) })
	}
	all.Wait()
	lost := 0
	if errs[0] == nil {
		lost = 1
	}
	switch err := errs[lost]; {
	case err == nil || errs[1-lost] != nil:
		t.Errorf("got %v, want one error", errs)
	case !strings.Contains(err.Error(), "note long") || !strings.Contains(err.Error(), "note string") || pipeline.IsTransient(err):
		t.Errorf("got %v, want an error that names both types", err)
	}
}

// A process adds a column while another, which doesn't know it, is between its
// look-up and its commit.
func TestAColumnThatAppearsDuringACommitDoesNotDisturbIt(t *testing.T) {
	s, wide := sinkIn(t), growing(t, note)
	other := open(t, &parquet.Sink{Warehouse: s.Warehouse}, growing(t))
	var grown atomic.Bool
	grown.Store(true) // not yet
	s.Fail(func(op, path string) error {
		if op == "create" && strings.Contains(path, "/metadata/") && grown.CompareAndSwap(false, true) {
			return other.tryEvolve(wide)
		}
		return nil
	})
	x := open(t, s, growing(t))
	l := x.lane(0)
	x.write(l, row(growing(t), 0, "a", int64(1)))
	grown.Store(false)
	x.flush()
	if !grown.Load() || !slices.Contains(columns(t, s), "note") {
		t.Fatalf("no column came between: %v", columns(t, s))
	}
	x.write(l, row(growing(t), 1, "b", int64(2)))
	x.flush()
	want(t, scan(t, s, wide), []string{"[a 1 <nil>]@0:0", "[b 2 <nil>]@0:1"})
}

// And the other way about: rows are committed while a column is being added.
func TestACommitThatComesBetweenDelaysAGrowth(t *testing.T) {
	s, wide := sinkIn(t), growing(t, note)
	y := open(t, &parquet.Sink{Warehouse: s.Warehouse}, growing(t))
	y.write(y.lane(0), row(growing(t), 0, "a", int64(1)))
	var armed, raced atomic.Bool
	s.Fail(func(op, path string) error {
		if op == "create" && strings.Contains(path, "/metadata/") && armed.Load() && raced.CompareAndSwap(false, true) {
			return y.writer.Flush(t.Context())
		}
		return nil
	})
	x := open(t, s, growing(t))
	armed.Store(true)
	x.evolve(wide)
	if !raced.Load() || y.next(0) != 1 {
		t.Fatal("no commit came between")
	}
	l := x.lane(0)
	x.write(l, row(wide, 1, "a", int64(2), "seen"))
	x.flush()
	want(t, scan(t, s, wide), []string{"[a 2 seen]@0:1"})
}

// Commits by the timer and by Flush go on while the table grows under them.
func TestATableGrowsWhileCommitsAreUnderWay(t *testing.T) {
	s := sinkIn(t)
	s.CommitRows = 3
	x := open(t, s, growing(t))
	l := x.lane(0)
	var more []feature.Field
	var flushes sync.WaitGroup
	for i := range int64(5) {
		wide := growing(t, more...)
		for k := range int64(4) {
			values := []any{fmt.Sprintf("k%d", k), i}
			for range more {
				values = append(values, i)
			}
			x.write(l, row(wide, 4*i+k, values...))
		}
		flushes.Go(func() {
			if err := x.writer.Flush(t.Context()); err != nil {
				t.Errorf("flush: %v", err)
			}
		})
		more = append(more, feature.Field{Name: fmt.Sprintf("more_%d", i), Kind: feature.Int64, Nullable: true})
		x.evolve(growing(t, more...))
	}
	flushes.Wait()
	x.flush()
	var rows []string
	for k := range 4 {
		rows = append(rows, fmt.Sprintf("[k%d 4 4 4 4 4 <nil>]@0:%d", k, 16+k))
	}
	want(t, scan(t, s, growing(t, more...)), rows)
}

// Whoever compacts need not know all columns. Among the floats are NaNs that
// differ in their bits alone.
func TestACompactionKeepsColumnsThatItsSchemaLacks(t *testing.T) {
	s, wide := sinkIn(t), growing(t, score, points)
	x := open(t, s, growing(t))
	l := x.lane(0)
	for i := range int64(3) {
		x.write(l, row(growing(t), i, fmt.Sprintf("old-%d", i), i))
		x.flush()
	}
	x.evolve(wide)
	nans := []uint32{0x7fa0beef, 0x7fc00000, 0xffa0beef, 0x7fc00001, 0xffc00000, 0x7f800001}
	for i := range int64(6) {
		nan := nans[i]
		x.write(l, row(wide, 3+i, fmt.Sprintf("new-%d", i), i, math.Float64frombits(uint64(nan)<<32|1<<51),
			[]any{map[string]any{"x": math.Float32frombits(nan)}, map[string]any{"x": math.Float32frombits(nans[0])}}))
		x.flush()
	}
	before := exactly(t, s, wide)
	done, err := s.Compact(t.Context(), growing(t))
	if err != nil || done.Before != 9 || done.After != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if after := exactly(t, s, wide); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
	y := open(t, s, growing(t)) // its row takes the place of one in the new file
	y.write(y.lane(0), row(growing(t), 9, "new-0", int64(9)))
	y.flush()
	rows := scan(t, s, wide)
	if !slices.Contains(rows, "[new-0 9 <nil> <nil>]@0:9") || len(rows) != 9 {
		t.Errorf("the table has %q", rows)
	}
}

func TestAGrowthThatFailsPassesWhenItIsTriedAgain(t *testing.T) {
	for _, d := range []*sick{{op: "write", part: "metadata.json"}, {op: "committed"}} {
		s, wide := sinkIn(t), growing(t, note)
		s.Fail(d.fail)
		x := open(t, s, growing(t))
		l := x.lane(0)
		x.write(l, row(growing(t), 0, "a", int64(1)))
		d.broken.Store(true)
		if err := x.tryEvolve(wide); !pipeline.IsTransient(err) {
			t.Fatalf("evolve: %v, want a transient error", err)
		}
		d.broken.Store(false)
		x.evolve(wide)
		x.write(l, row(wide, 1, "b", int64(2), "x"))
		x.flush()
		want(t, scan(t, s, wide), []string{"[a 1 <nil>]@0:0", "[b 2 x]@0:1"})
	}
}

func TestAClosedWriterDoesNotGrow(t *testing.T) {
	x := open(t, sinkIn(t), growing(t))
	x.close()
	if err := x.tryEvolve(growing(t, note)); err == nil || slices.Contains(columns(t, x.sink), "note") {
		t.Errorf("got %v, and %v", err, columns(t, x.sink))
	}
}
