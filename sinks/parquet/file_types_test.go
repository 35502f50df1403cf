package parquet_test

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Another reader gives the same values back, to the bit: through the table's
// metadata, its deletes, and other code for Parquet.
func TestAnotherReaderSeesTheSameValues(t *testing.T) {
	for _, deletes := range []int{0, 15} { // files without deletes have another layout
		s, schema := sinkIn(t), everyType(t)
		g := &rowgen.Gen{Schema: schema, Seed: 3, Keys: 200, Extremes: true, Deletes: deletes}
		x := open(t, s, schema)
		l := x.lane(0)
		for i := range int64(3) {
			x.write(l, g.Batch(at(0), 100*i, 100))
			x.flush()
		}
		var got []string
		for row := range arrowRows(readArrow(t, load(t, s, schema.Group.Table())), schema) {
			got = append(got, row)
		}
		slices.Sort(got)
		var ours []string
		for row, err := range s.Scan(t.Context(), schema) {
			if err != nil {
				t.Fatal(err)
			}
			v := row.Version
			ours = append(ours, text(append(slices.Clone(row.Values), v.Epoch, v.Partition, v.Offset, orNull(row.RecordTime >= 0, row.RecordTime*1000), v.Delete, orNull(row.Only, true))))
		}
		slices.Sort(ours)
		if len(ours) < 100 {
			t.Errorf("only %d rows", len(ours))
		}
		for i := range max(len(got), len(ours)) {
			if i >= len(got) || i >= len(ours) || got[i] != ours[i] {
				t.Fatalf("%d and %d rows; row %d:\n\ticeberg-go %s\n\tScan       %s", len(got), len(ours), i, got[min(i, len(got)-1)], ours[min(i, len(ours)-1)])
			}
		}
	}
}

// orNull is a value as a nullable column gives it.
func orNull(valid bool, v any) any {
	if valid {
		return v
	}
	return nil
}

// everyType has lists in lists too.
func everyType(t *testing.T) *feature.Schema {
	all := rowgen.EveryType(feature.ByLog, nil)
	list := func(name string, item feature.Field) feature.Field {
		return feature.Field{Name: name, Kind: feature.List, Children: []feature.Field{item}}
	}
	null := func(f feature.Field) feature.Field { f.Nullable = true; return f }
	long := feature.Field{Kind: feature.Int64, Logical: feature.TimestampMillis}
	fields := append(slices.Clone(all.Fields),
		list("deep_list", list("", long)), null(list("deep_holes", null(list("", null(long))))),
		null(list("deeper", list("", null(list("", null(feature.Field{Kind: feature.String})))))))
	schema, err := feature.NewSchema(all.Group, fields)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestEveryValueIsGivenBackToTheBit(t *testing.T) {
	for _, deletes := range []int{0, 15} {
		s, schema := sinkIn(t), everyType(t)
		g := &rowgen.Gen{Schema: schema, Seed: 4, Extremes: true, Deletes: deletes}
		x := open(t, s, schema)
		rows := g.Batch(at(0), 0, 500)
		x.write(x.lane(0), rows)
		x.flush()
		n := 0
		for row, err := range s.Scan(t.Context(), schema) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			i := int(row.Version.Offset)
			for c, v := range row.Values {
				expect := rows.Columns[c].Value(i)
				switch {
				case c == schema.Time():
					expect = rows.Time(i)
				case rows.Ops[i] == feature.Delete && !schema.IsKey(c):
					expect = nil
				}
				if text(v) != text(expect) {
					t.Fatalf("row %d, %v: %s, want %s", i, schema.Fields[c], text(v), text(expect))
				}
			}
			if row.Version != rows.Version(i) {
				t.Fatalf("row %d: %+v, want %+v", i, row.Version, rows.Version(i))
			}
		}
		if n != 500 {
			t.Errorf("%d rows of 500", n)
		}
	}
}

// arrowRows gives each row as text, in the units of the schema.
func arrowRows(batches iter.Seq[arrow.RecordBatch], schema *feature.Schema) func(func(string) bool) {
	return func(yield func(string) bool) {
		for b := range batches {
			for i := range int(b.NumRows()) {
				row := make([]any, b.NumCols())
				for c := range row {
					f := feature.Field{}
					if c < len(schema.Fields) {
						f = schema.Fields[c]
					}
					row[c] = arrowValue(b.Column(c), i, f)
				}
				if !yield(text(row)) {
					return
				}
			}
		}
	}
}

func arrowValue(a arrow.Array, i int, f feature.Field) any {
	if a.IsNull(i) {
		return nil
	}
	scale := int64(1)
	switch f.Logical {
	case feature.TimeMillis, feature.TimestampMillis, feature.LocalTimestampMillis:
		scale = 1000
	}
	switch a := a.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Int32:
		return a.Value(i)
	case *array.Date32:
		return int32(a.Value(i))
	case *array.Int64:
		return a.Value(i)
	case *array.Time64:
		if f.Kind == feature.Int32 {
			return int32(int64(a.Value(i)) / scale)
		}
		return int64(a.Value(i)) / scale
	case *array.Timestamp:
		return int64(a.Value(i)) / scale
	case *array.Float32:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.String:
		return a.Value(i)
	case *array.LargeString:
		return a.Value(i)
	case *array.Binary:
		return a.Value(i)
	case *array.LargeBinary:
		return a.Value(i)
	case *array.FixedSizeBinary:
		return a.Value(i)
	case *extensions.UUIDArray:
		u := a.Value(i)
		return u[:]
	case *array.Decimal128:
		return feature.AppendUnscaled(nil, a.Value(i).BigInt())
	case *array.Struct:
		fields := map[string]any{}
		for k, child := range f.Children {
			fields[child.Name] = arrowValue(a.Field(k), i, child)
		}
		return fields
	case *array.Map:
		_, value := f.Entries()
		entries := map[string]any{}
		from, to := a.ValueOffsets(i)
		for j := from; j < to; j++ {
			entries[a.Keys().(*array.String).Value(int(j))] = arrowValue(a.Items(), int(j), value)
		}
		return entries
	case array.ListLike:
		from, to := a.ValueOffsets(i)
		items := []any{}
		for j := from; j < to; j++ {
			items = append(items, arrowValue(a.ListValues(), int(j), f.Elem()))
		}
		return items
	}
	panic(fmt.Sprintf("no case for %T", a))
}

// text tells values of other types or bits apart.
func text(v any) string {
	switch v := v.(type) {
	case float32:
		return fmt.Sprintf("f%08x", math.Float32bits(v))
	case float64:
		return fmt.Sprintf("d%016x", math.Float64bits(v))
	case string:
		return fmt.Sprintf("%q", v)
	case []byte:
		return fmt.Sprintf("0x%x", v)
	case map[string]any:
		s := "{"
		for _, k := range slices.Sorted(maps.Keys(v)) {
			s += fmt.Sprintf("%q: %s ", k, text(v[k]))
		}
		return s + "}"
	case []any:
		s := "["
		for _, e := range v {
			s += text(e) + " "
		}
		return s + "]"
	}
	return fmt.Sprintf("%T(%v)", v, v)
}

// No decoder makes such a value; it is an error rather than cut.
func TestADecimalWithTooManyDigitsIsAnError(t *testing.T) {
	for _, precision := range []int{1, 9, 18, 19, 38} {
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
		most := new(big.Int).Sub(limit, big.NewInt(1))
		for _, sign := range []int64{1, -1} {
			if err := writeDecimal(t, precision, new(big.Int).Mul(most, big.NewInt(sign))); err != nil {
				t.Errorf("%d digits: %v", precision, err)
			}
			for _, times := range []int64{1, 1_000_000_000_000} {
				x := new(big.Int).Mul(limit, big.NewInt(sign*times))
				if err := writeDecimal(t, precision, x); err == nil || !strings.Contains(err.Error(), "digits") {
					t.Errorf("%v in %d digits: %v", x, precision, err)
				}
			}
		}
	}
}

func writeDecimal(t *testing.T, precision int, unscaled *big.Int) error {
	amount := feature.Field{Name: "price", Kind: feature.Bytes, Logical: feature.Decimal, Precision: precision}
	schema, err := feature.NewSchema(feature.Group{Name: "plain", PrimaryKey: []string{"id"}},
		[]feature.Field{{Name: "id", Kind: feature.String}, amount})
	if err != nil {
		t.Fatal(err)
	}
	x := open(t, sinkIn(t), schema)
	defer x.close()
	rows := row(schema, 0, "a", []byte{0})
	c := &rows.Columns[1]
	c.Bytes = feature.AppendUnscaled(nil, unscaled) // where Append would refuse it
	c.Offsets[1] = uint32(len(c.Bytes))
	return x.writer.Write(t.Context(), x.lane(0), rows)
}
