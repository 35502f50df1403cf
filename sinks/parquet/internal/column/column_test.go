package column

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/apache/iceberg-go"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// file writes batches of rows, and some nulls where a column takes them.
type file struct {
	columns []Column
	bytes.Buffer
}

const nullsAtTheEnd = 300

func write(t *testing.T, schema *feature.Schema, batches []*feature.Rows) *file {
	t.Helper()
	f := &file{}
	group := pq.Group{}
	next := len(schema.Fields)
	for i, field := range schema.Fields {
		kind, err := Type(field, &next)
		if err != nil {
			t.Fatal(err)
		}
		node := pq.FieldID(Node(field, kind, Usual), i+1)
		group[field.Name] = node
		f.columns = append(f.columns, Of(field, node))
	}
	s := pq.NewSchema("table", group)
	w := pq.NewGenericWriter[any](&f.Buffer, s, pq.PageBufferSize(PageBytes))
	e := NewEncoder(w.ColumnWriters())
	for i := range f.columns {
		c := &f.columns[i]
		if err := c.Find(s, c.Field.Name); err != nil {
			t.Fatal(err)
		}
		for _, rows := range batches {
			if err := e.Write(c, &rows.Columns[i], 0, rows.Len()); err != nil {
				t.Fatal(err)
			}
		}
		filler := batches[0]
		for n := 0; !c.Field.Nullable && n < nullsAtTheEnd; n += filler.Len() {
			if err := e.Write(c, &filler.Columns[i], 0, min(filler.Len(), nullsAtTheEnd-n)); err != nil {
				t.Fatal(err)
			}
		}
		if c.Field.Nullable {
			if err := e.WriteNulls(c, nullsAtTheEnd); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return f
}

// rowGroups opens what was written.
func (f *file) rowGroups(t *testing.T) []pq.RowGroup {
	t.Helper()
	in, err := pq.OpenFile(bytes.NewReader(f.Bytes()), int64(f.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return in.RowGroups()
}

func random(schema *feature.Schema) []*feature.Rows {
	g := &rowgen.Gen{Schema: schema, Seed: 8, Extremes: true}
	return []*feature.Rows{g.Batch(feature.TopicPartition{}, 0, 200), g.Batch(feature.TopicPartition{}, 200, 177)}
}

// Values and buffers are set where parquet-go keeps them; if a version of it keeps
// them elsewhere, they go in by its methods. A file holds the same in each way.
func TestColumnsComeBackAsTheyWereInEachWayOfWriting(t *testing.T) {
	schema := rowgen.EveryType(feature.ByLog, nil)
	batches := random(schema)
	if !hasBuffers || !valueFieldsMatch {
		t.Errorf("this parquet-go is written the slow way: buffers %v, values %v", hasBuffers, valueFieldsMatch)
	}
	defer func(buffers, fields bool) { hasBuffers, valueFieldsMatch = buffers, fields }(hasBuffers, valueFieldsMatch)
	for _, way := range []struct{ buffers, fields bool }{{true, true}, {true, false}, {false, true}, {false, false}} {
		hasBuffers, valueFieldsMatch = way.buffers, way.fields
		t.Run(fmt.Sprintf("buffers_%v,values_%v", way.buffers, way.fields), func(t *testing.T) {
			f := write(t, schema, batches)
			for i := range f.columns {
				checkColumn(t, f, i, batches)
			}
		})
	}
}

func checkColumn(t *testing.T, f *file, i int, batches []*feature.Rows) {
	t.Helper()
	c := &f.columns[i]
	got := feature.NewColumn(c.Field)
	var d Decoder
	for _, g := range f.rowGroups(t) {
		if err := d.Read(g, c, &got); err != nil {
			t.Fatal(err)
		}
	}
	at := 0
	for _, rows := range batches {
		for r := range rows.Len() {
			if a, b := bits(got.Value(at)), bits(rows.Columns[i].Value(r)); a != b {
				t.Fatalf("%v of row %d is %s, want %s", c.Field, at, a, b)
			}
			at++
		}
	}
	if got.Len() != at+nullsAtTheEnd {
		t.Fatalf("%v has %d rows, want %d", c.Field, got.Len(), at+nullsAtTheEnd)
	}
	for ; c.Field.Nullable && at < got.Len(); at++ {
		if !got.Null(at) {
			t.Fatalf("%v of row %d is %v, want a null", c.Field, at, got.Value(at))
		}
	}
}

// Columns are found by id, whatever their names are by now; one that the file
// is older than is null in all its rows.
func TestAColumnThatAFileLacksIsNull(t *testing.T) {
	schema := rowgen.Plain()
	batches := random(schema)
	f := write(t, schema, batches)
	renamed := f.columns[0]
	renamed.Field.Name = "renamed"
	added := Flat(feature.Field{Name: schema.Fields[0].Name, Kind: feature.String, Nullable: true}, 77)
	var d Decoder
	got, none := feature.NewColumn(renamed.Field), feature.NewColumn(added.Field)
	for _, g := range f.rowGroups(t) {
		if err := d.Read(g, &renamed, &got); err != nil {
			t.Fatal(err)
		}
		if err := d.Read(g, &added, &none); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := bits(got.Value(5)), bits(batches[0].Columns[0].Value(5)); a != b {
		t.Errorf("the renamed column has %s, want %s", a, b)
	}
	if none.Len() != got.Len() {
		t.Errorf("%d rows of %d", none.Len(), got.Len())
	}
	for i := range none.Len() {
		if !none.Null(i) {
			t.Fatalf("row %d is %v, want a null", i, none.Value(i))
		}
	}
}

// A time in milliseconds is kept in microseconds, which some don't fit.
func TestWhatDoesNotFitIsKnownBeforeItIsWritten(t *testing.T) {
	millis := feature.Field{Name: "at", Kind: feature.Int64, Logical: feature.TimestampMillis}
	micros := feature.Field{Name: "at", Kind: feature.Int64, Logical: feature.TimestampMicros}
	list := feature.Field{Name: "all", Kind: feature.List, Children: []feature.Field{millis}}
	if !MayNotFit(millis) || MayNotFit(micros) || !MayNotFit(list) {
		t.Errorf("milliseconds %v, microseconds %v, a list %v", MayNotFit(millis), MayNotFit(micros), MayNotFit(list))
	}
	least, most := Limits(millis)
	c := feature.NewColumn(list)
	for _, items := range [][]any{{}, {least, most}, {least, most + 1}, {least - 1}} {
		if err := c.Append(items); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []bool{true, true, false, false} {
		if Fits(&c, i) != want {
			t.Errorf("row %d fits: %v", i, !want)
		}
	}
	if kind, err := Type(millis, new(int)); err != nil || !kind.Equals(iceberg.PrimitiveTypes.TimestampTz) {
		t.Errorf("type %v: %v", kind, err)
	}
}

// A cursor that takes a few rows at a time gives what a decoder gives at once.
func TestACursorGivesTheSameRows(t *testing.T) {
	schema := rowgen.EveryType(feature.ByLog, nil)
	f := write(t, schema, random(schema))
	for _, step := range []int{1, 7, 256, 10_000} {
		for i := range f.columns {
			c := &f.columns[i]
			want, got := feature.NewColumn(c.Field), feature.NewColumn(c.Field)
			var d Decoder
			for _, g := range f.rowGroups(t) {
				x, err := NewCursor(g, c)
				if err == nil {
					err = d.Read(g, c, &want)
				}
				if err != nil {
					t.Fatal(err)
				}
				for left := int(g.NumRows()); left > 0; left -= step {
					if err := x.Read(min(step, left), &got); err != nil {
						t.Fatal(err)
					}
				}
				if err := x.Read(1, &got); err == nil {
					t.Fatalf("%v has a row after its last", c.Field)
				}
				if err := x.Close(); err != nil {
					t.Fatal(err)
				}
			}
			for r := range want.Len() {
				if a, b := bits(got.Value(r)), bits(want.Value(r)); a != b {
					t.Fatalf("%v of row %d is %s, want %s, in steps of %d", c.Field, r, a, b, step)
				}
			}
		}
	}
}
