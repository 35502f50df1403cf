package parquet_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// model is a table of rowgen.Plain beside what it must hold.
type model struct {
	*session
	lane   *feature.Lane
	random *rand.Rand
	next   int64
	amount map[string]int64
}

const modelKeys = 300

// upsert commits a row of each of some keys.
func (m *model) upsert() {
	m.Helper()
	var rows []rowgen.Row
	for _, k := range m.random.Perm(modelKeys)[:1+m.random.IntN(60)] {
		key := fmt.Sprintf("key-%04d", k)
		rows = append(rows, rowgen.Row{Offset: m.next, Key: key, Value: m.next})
		m.amount[key] = m.next
		m.next++
	}
	m.write(m.lane, rowgen.Batch(m.schema, at(0), rows...))
	m.flush()
}

// check reads the table by iceberg-go: all of it, some keys, some amounts.
func (m *model) check() {
	m.Helper()
	key, amount := fmt.Sprintf("key-%04d", m.random.IntN(modelKeys)), m.random.Int64N(m.next+1)
	for name, f := range map[string]struct {
		by   iceberg.BooleanExpression
		with func(key string, amount int64) bool
	}{
		"everything":  {iceberg.AlwaysTrue{}, func(string, int64) bool { return true }},
		"up to a key": {iceberg.LessThanEqual(iceberg.Reference("id"), key), func(k string, _ int64) bool { return k <= key }},
		"one key":     {iceberg.EqualTo(iceberg.Reference("id"), key), func(k string, _ int64) bool { return k == key }},
		"amounts":     {iceberg.GreaterThanEqual(iceberg.Reference("amount"), amount), func(_ string, a int64) bool { return a >= amount }},
	} {
		var want, got []string
		for k, a := range m.amount {
			if f.with(k, a) {
				want = append(want, fmt.Sprint(k, a))
			}
		}
		_, batches, err := load(m, m.sink, "plain_1").Scan(table.WithRowFilter(f.by), table.WithSelectedFields("id", "amount")).ToArrowRecords(m.Context())
		if err != nil {
			m.Fatal(err)
		}
		for b, err := range batches {
			if err != nil {
				m.Fatal(err)
			}
			for i := range int(b.NumRows()) {
				got = append(got, b.Column(0).ValueStr(i)+b.Column(1).(*array.Int64).ValueStr(i))
			}
			b.Release()
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			m.Fatalf("%s (%s, %d): iceberg-go reads %d rows, want %d", name, key, amount, len(got), len(want))
		}
	}
}

// Rows are replaced at any point of any number of compactions, two of which may
// want the same files: every reader sees each row once.
func TestUpsertsAndCompactionsAtTheSameTimeLoseNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("TANDEM_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("seed %d (TANDEM_SEED changes it)", seed)
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	m := &model{session: x, lane: x.lane(0), random: rand.New(rand.NewPCG(seed, 7)), amount: map[string]int64{}}
	var all parquet.Compaction
	for round := range 24 {
		for range 1 + m.random.IntN(6) {
			m.upsert()
		}
		left := 6
		other := &parquet.Sink{Warehouse: s.Warehouse, FileRows: 40 + m.random.IntN(400)}
		if round%3 > 0 { // sorted in parts, and files that are sorted already are merged as they are
			other.Hold(1<<10+m.random.IntN(8<<10), 2<<10)
		}
		other.Fail(func(op, path string) error {
			if left == 0 || m.random.IntN(3) > 0 || op != "create" && op != "open" {
				return nil
			}
			left--
			if m.random.IntN(6) > 0 {
				m.upsert()
				return nil
			}
			_, err := (&parquet.Sink{Warehouse: s.Warehouse, FileRows: 150}).Compact(t.Context(), x.schema)
			return err
		})
		compact := other.Compact
		if round%2 == 1 {
			compact = other.Tend
		}
		done, err := compact(t.Context(), x.schema)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		all.Before, all.After, all.Dropped, all.Deletes, all.Moved = all.Before+done.Before, all.After+done.After, all.Dropped+done.Dropped, all.Deletes+done.Deletes, all.Moved+done.Moved
		m.check()
	}
	t.Logf("%+v", all)
	if all.Moved == 0 || all.Before == 0 {
		t.Errorf("nothing was deleted during a compaction: %+v", all)
	}
}

// However often the same rows are written, the table has few dead ones, and comes to rest.
func TestDeadRowsGoWithTheirFiles(t *testing.T) {
	for name, tend := range map[string]func(*parquet.Sink, context.Context, *feature.Schema) (parquet.Compaction, error){
		"at once": (*parquet.Sink).Compact, "in the meantime": (*parquet.Sink).Tend,
	} {
		t.Run(name, func(t *testing.T) {
			s := sinkIn(t)
			s.FileBytes = 200 << 10
			x := open(t, s, rowgen.Plain())
			l := x.lane(0)
			const live, commit = 10_000, 1000
			for round := range int64(6) {
				for i := range int64(live / commit) {
					keys := make([]int64, commit)
					for k := range keys {
						keys[k] = (i*commit + int64(k)) * 7919 % live
					}
					x.write(l, amounts(0, round*live+i*commit, keys...))
					x.flush()
				}
				done, err := tend(s, t.Context(), x.schema)
				if err != nil {
					t.Fatal(err)
				}
				if again, err := tend(s, t.Context(), x.schema); err != nil || again != (parquet.Compaction{}) {
					t.Fatalf("%+v, and again %+v, %v", done, again, err)
				}
				rows := rowsIn(t, s, "plain_1")
				t.Logf("round %d: %d rows in the files, %+v", round, rows, done)
				if rows*7 > live*10 {
					t.Errorf("round %d: %d of %d rows are dead", round, rows-live, rows)
				}
			}
			if n := countArrow(t, s, "plain_1"); n != live {
				t.Errorf("another reader sees %d rows, want %d", n, live)
			}
		})
	}
}

// rowsIn counts the rows of the table's data files, dead or not.
func rowsIn(t testing.TB, s *parquet.Sink, name string) (rows int64) {
	t.Helper()
	tasks, err := load(t, s, name).Scan().PlanFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		rows += task.File.Count()
	}
	return rows
}

// A file of which no row is left goes by metadata alone.
func TestAFileWithoutALiveRowIsDroppedUnread(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	for i := range int64(3) {
		x.write(l, amounts(0, 2*i, 1, 2))
		x.flush()
	}
	other := &parquet.Sink{Warehouse: s.Warehouse}
	other.Fail(func(op, path string) error {
		if op == "open" && strings.Contains(path, "/data/") && !strings.HasSuffix(path, "-deletes.parquet") {
			t.Errorf("%s is read", path)
		}
		return nil
	})
	if done, err := other.Compact(t.Context(), x.schema); err != nil || done.Dropped != 2 || done.Deletes != 2 || done.Before != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if n, m := len(planned(t, s, x.schema)), countArrow(t, s, "plain_1"); n != 1 || m != 2 {
		t.Errorf("%d files and %d rows", n, m)
	}
}

// A data file that loses rows in many commits has few files of deletes.
func TestFilesOfDeletesAreMerged(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	keys := make([]int64, 5000)
	for i := range keys {
		keys[i] = int64(i)
	}
	x.write(l, amounts(0, 0, keys...))
	x.flush()
	for i := range int64(40) {
		x.write(l, amounts(0, 5000+i, i*100))
		x.flush()
	}
	if done, err := s.Tend(t.Context(), x.schema); err != nil || done.Deletes < 30 || done.Before > 40 {
		t.Fatalf("%+v, %v", done, err)
	}
	if again, err := s.Tend(t.Context(), x.schema); err != nil || again.Commits != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if got := load(t, s, "plain_1").CurrentSnapshot().Summary.Properties["total-delete-files"]; got != "1" {
		t.Errorf("%s files of deletes", got)
	}
	if n := countArrow(t, s, "plain_1"); n != 5000 {
		t.Errorf("another reader sees %d rows", n)
	}
}
