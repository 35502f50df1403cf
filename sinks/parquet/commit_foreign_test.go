package parquet_test

import (
	"bytes"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// keysRead counts the data files whose columns are read for want of an index.
func keysRead(s *parquet.Sink) *atomic.Int64 {
	n := new(atomic.Int64)
	s.Fail(func(op, _ string) error {
		if op == "read keys" {
			n.Add(1)
		}
		return nil
	})
	return n
}

// withoutIndex makes a table's data files ones that have no index, as others write them.
func withoutIndex(t *testing.T, s *parquet.Sink, table string) {
	t.Helper()
	for _, path := range dataFiles(t, s, table) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.ReplaceAll(b, []byte("TID1"), []byte("none")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A file that others wrote has no index: its keys are read instead, and rows fare
// as they do where there is one.
func TestRowsOfFilesWithoutAnIndexAreFoundToo(t *testing.T) {
	for _, schema := range []*feature.Schema{rowgen.Plain(), rowgen.Timed(feature.ByEventTime), rowgen.EveryType(feature.ByLog, nil)} {
		t.Run(fmt.Sprintf("%s_%v", schema.Group.Table(), schema.Group.Order), func(t *testing.T) {
			var rows [2][]string
			var tallies [2]feature.Tally
			for i, foreign := range []bool{false, true} {
				s := sinkIn(t)
				read := keysRead(s)
				x := open(t, s, schema)
				g := &rowgen.Gen{Schema: schema, Seed: 5, Keys: 30, Times: 2, Deletes: 10}
				for n := range int64(6) {
					// Two partitions in turns: by log, some rows are late.
					p := int32(n % 2)
					x.write(x.lane(p), g.Batch(at(p), n/2*40+int64(p)*20, 40))
					x.flush()
					if foreign {
						withoutIndex(t, s, schema.Group.Table())
					}
				}
				if n := read.Load(); (n > 0) != foreign {
					t.Errorf("the keys of %d files were read", n)
				}
				rows[i], tallies[i] = exactly(t, s, schema), x.tally(0)
				tallies[i].Add(x.tally(1))
			}
			want(t, rows[1], rows[0])
			if fmt.Sprint(tallies[0]) != fmt.Sprint(tallies[1]) || tallies[0].Replaced == 0 {
				t.Errorf("tallies %+v with an index and %+v without", tallies[0], tallies[1])
			}
		})
	}
}

// However many commits look into such a file, it is decoded once.
func TestAFileWithoutAnIndexIsDecodedOnce(t *testing.T) {
	s := sinkIn(t)
	read := keysRead(s)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	x.write(l, amounts(0, 0, 1, 2, 3, 4, 5, 6))
	x.flush()
	withoutIndex(t, s, "plain_1")
	x.close()
	x = open(t, s, rowgen.Plain())
	l = x.lane(0)
	for i := range int64(5) {
		x.write(l, amounts(0, 6+i, 1+i))
		x.flush()
	}
	if n := read.Load(); n != 1 {
		t.Errorf("it was decoded %d times", n)
	}
	if n := x.tally(0).Replaced; n != 5 || len(x.rows()) != 6 {
		t.Errorf("%d rows were replaced, want 5; %d are there, want 6", n, len(x.rows()))
	}
}

func TestACompactedFileHasAnIndexAgain(t *testing.T) {
	s, schema := sinkIn(t), rowgen.EveryType(feature.ByEventTime, nil)
	read := keysRead(s)
	x := open(t, s, schema)
	manySmall(x, 30)
	if done, err := s.Compact(t.Context(), schema); err != nil || done.After != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	before := x.tally(0)
	manySmall(x, 2)
	if after := x.tally(0); after.Replaced == before.Replaced {
		t.Fatalf("no row was replaced: %+v", after)
	}
	if n := read.Load(); n != 0 {
		t.Errorf("the keys of %d files were read", n)
	}
}

// What is damaged on disk costs time, and no row: neither one that is there twice
// then nor one that another takes the place of.
func TestADamagedIndexIsReadFromTheColumns(t *testing.T) {
	s := sinkIn(t)
	read := keysRead(s)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	keys := make([]int64, 300)
	for i := range keys {
		keys[i] = int64(i)
	}
	x.write(l, amounts(0, 0, keys...))
	x.flush()
	for i, path := range dataFiles(t, s, "plain_1") {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.LastIndex(b, []byte("TID1"))
		for row := range len(keys) { // of each the number
			b[at-24-16-4*8-24*row-12] ^= 1
		}
		if err := os.WriteFile(path, b, 0o644); err != nil || at < 0 || i > 0 {
			t.Fatal(err, at, i)
		}
	}
	x.write(l, amounts(0, 300, keys[42]))
	x.flush()
	x.write(l, amounts(0, 301, keys...))
	x.flush()
	if n := len(x.rows()); n != len(keys) || read.Load() == 0 {
		t.Errorf("%d rows of %d keys; the columns of %d files were read", n, len(keys), read.Load())
	}
}
