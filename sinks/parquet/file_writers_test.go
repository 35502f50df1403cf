package parquet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// A writer goes from file to file, and must bring nothing of the one before: not
// a dictionary that was full, nor that it was given up.
func TestAFileHasNothingOfTheOneBefore(t *testing.T) {
	group := feature.Group{Name: "texts", PrimaryKey: []string{"id"}}
	schema, err := feature.NewSchema(group, []feature.Field{
		{Name: "id", Kind: feature.Int64}, {Name: "text", Kind: feature.String, Nullable: true}, {Name: "n", Kind: feature.Float64},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := sinkIn(t)
	x := open(t, s, schema)
	l := x.lane(0)
	next := int64(0)
	write := func(n int, text func(i int) any) {
		rows := feature.NewRows(schema, at(0))
		rows.Spans = []feature.Span{{From: next, To: next + int64(n)}}
		for i := range n {
			for c, v := range []any{next, text(i), float64(next)} {
				if err := rows.Columns[c].Append(v); err != nil {
					t.Fatal(err)
				}
			}
			rows.Add(feature.Record{Offset: next}, feature.Upsert)
			next++
		}
		rows.Seal()
		x.write(l, rows)
		x.flush()
	}
	long := strings.Repeat("x", 60)
	for range 2 {
		write(50_000, func(i int) any { return fmt.Sprint(long, next) }) // more than a dictionary takes
		write(1000, func(i int) any {
			if i%3 == 0 {
				return nil
			}
			return fmt.Sprint("short", i%7)
		})
	}
	seen := int64(0)
	for row, err := range s.Scan(t.Context(), schema) {
		if err != nil {
			t.Fatal(err)
		}
		id, text := row.Values[0].(int64), row.Values[1]
		seen++
		var want any = fmt.Sprint(long, id)
		if in := id % 51_000; in >= 50_000 {
			if want = fmt.Sprint("short", (in-50_000)%7); (in-50_000)%3 == 0 {
				want = nil
			}
		}
		if text != want || row.Values[2] != float64(id) || row.Version.Offset != id {
			t.Fatalf("row %d is %.80v", id, row)
		}
	}
	if seen != next || countArrow(t, s, schema.Group.Table()) != int(next) {
		t.Errorf("%d rows of %d", seen, next)
	}
}

// Readers in Java find a column's chunk by its path. Others go by its place, and miss nothing.
func TestEveryFileNamesItsColumns(t *testing.T) {
	s, schema := sinkIn(t), everyType(t)
	x := open(t, s, schema)
	l, g := x.lane(0), &rowgen.Gen{Schema: schema, Seed: 5}
	for i := range int64(3) {
		x.write(l, g.Batch(at(0), 10*i, 10))
		x.flush()
	}
	files := dataFiles(t, s, schema.Group.Table())
	if len(files) < 3 {
		t.Fatalf("%d files", len(files))
	}
	for _, name := range files {
		f, err := file.OpenParquetFile(name, false)
		if err != nil {
			t.Fatal(err)
		}
		group, err := f.RowGroup(0).MetaData(), f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for i := range group.NumColumns() {
			c, err := group.ColumnChunk(i)
			if want := group.Schema.Column(i).Path(); err != nil || c.PathInSchema().String() != want {
				t.Fatalf("%s: column %s has the path %q (%v)", name, want, c.PathInSchema(), err)
			}
		}
	}
}
