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

	"github.com/tandemdata/tandem/internal/icescan"
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
		got, ours := texts(t, icescan.Table{Warehouse: s.Warehouse}.Scan(t.Context(), schema)), texts(t, s.Scan(t.Context(), schema))
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

// texts are rows as text, in order.
func texts(t *testing.T, rows iter.Seq2[feature.Stored, error]) (out []string) {
	t.Helper()
	for row, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%+v %d %v %s", row.Version, row.RecordTime, row.Only, text(row.Values)))
	}
	slices.Sort(out)
	return out
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
