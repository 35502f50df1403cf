package cassandra

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// driverType is what gocql calls cqlType.
func driverType(f feature.Field) gocql.TypeInfo {
	native := func(t gocql.Type) gocql.NativeType { return gocql.NewNativeType(4, t, "") }
	if f.Kind != feature.List {
		return native(map[string]gocql.Type{
			"boolean": gocql.TypeBoolean, "date": gocql.TypeDate, "int": gocql.TypeInt, "timestamp": gocql.TypeTimestamp,
			"bigint": gocql.TypeBigInt, "float": gocql.TypeFloat, "double": gocql.TypeDouble, "text": gocql.TypeText, "blob": gocql.TypeBlob,
		}[cqlType(f)])
	}
	item := driverType(f.Elem())
	if f.Elem().Nullable {
		item = gocql.TupleTypeInfo{NativeType: native(gocql.TypeTuple), Elems: []gocql.TypeInfo{item}}
	}
	return gocql.CollectionType{NativeType: native(gocql.TypeList), Elem: item}
}

// driverValue is a value as gocql wants it.
func driverValue(f feature.Field, v any) any {
	switch {
	case v == nil:
		return nil
	case f.Logical == feature.Date:
		return int64(v.(int32)) * 86_400_000
	case f.Kind == feature.List:
		items := []any{}
		for _, item := range v.([]any) {
			item = driverValue(f.Elem(), item)
			if f.Elem().Nullable {
				item = []any{item}
			}
			items = append(items, item)
		}
		return items
	}
	return v
}

func extremes(t testing.TB) *feature.Rows {
	const seed = 7
	t.Logf("seed %d", seed)
	g := &rowgen.Gen{Schema: rowgen.EveryType(feature.ByEventTime, nil), Seed: seed, Extremes: true}
	return g.Batch(feature.Place{Topic: "rows"}, 0, 500)
}

func TestBytesAreThoseOfTheDriver(t *testing.T) {
	rows := extremes(t)
	for c, f := range rows.Schema.Fields {
		for i := range rows.Len() {
			want, err := gocql.Marshal(driverType(f), driverValue(f, rows.Columns[c].Value(i)))
			if err != nil {
				t.Fatalf("%v: gocql: %v", f, err)
			}
			if rows.Columns[c].Null(i) {
				continue
			}
			if got := appendValue(nil, &rows.Columns[c], i); !bytes.Equal(got, want) {
				t.Fatalf("%v: %v is %x, and %x to gocql", f, rows.Columns[c].Value(i), got, want)
			}
		}
	}
}

func TestAPackedRowIsThatOfTheDriver(t *testing.T) {
	rows := extremes(t)
	tb := newTable("ks", Packed, rows.Schema)
	for i := range rows.Len() {
		v := rows.Version(i)
		udt := gocql.UDTTypeInfo{NativeType: gocql.NewNativeType(4, gocql.TypeUDT, "")}
		values := map[string]any{orderField: appendToken(nil, v), "_epoch": v.Epoch, "_partition": v.Partition, "_offset": v.Offset}
		for _, f := range []feature.Field{
			{Name: orderField, Kind: feature.Bytes},
			{Name: "_epoch", Kind: feature.Int32},
			{Name: "_partition", Kind: feature.Int32},
			{Name: "_offset", Kind: feature.Int64},
		} {
			udt.Elements = append(udt.Elements, gocql.UDTField{Name: f.Name, Type: driverType(f)})
		}
		for _, c := range tb.features {
			f := rows.Schema.Fields[c]
			udt.Elements = append(udt.Elements, gocql.UDTField{Name: f.Name, Type: driverType(f)})
			values[f.Name] = driverValue(f, rows.Columns[c].Value(i))
		}
		want, err := gocql.Marshal(udt, values)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendPacked(nil, tb, rows, i, v); !bytes.Equal(got, want) {
			t.Fatalf("row %d is\n%x, and to gocql\n%x", i, got, want)
		}
	}
}

func TestValuesReadBackToTheBit(t *testing.T) {
	rows := extremes(t)
	for c, f := range rows.Schema.Fields {
		for i := range rows.Len() {
			var data []byte
			if !rows.Columns[c].Null(i) {
				data = appendValue([]byte{}, &rows.Columns[c], i)
			}
			got, err := decode(f, data)
			if want := rows.Columns[c].Value(i); err != nil || exact(got) != exact(want) {
				t.Fatalf("%v: %s reads back as %s, %v", f, exact(want), exact(got), err)
			}
		}
	}
}

func TestDatesReachBothEndsOfInt32(t *testing.T) {
	for _, day := range []int32{math.MinInt32, -1, 0, 1, math.MaxInt32} {
		c := feature.NewColumn(feature.Field{Kind: feature.Int32, Logical: feature.Date})
		c.Int32s = []int32{day}
		if got, err := decode(c.Field, appendValue(nil, &c, 0)); got != day || err != nil {
			t.Errorf("day %d reads back as %v, %v", day, got, err)
		}
	}
}

// exact writes a value so that equal bits give equal text.
func exact(v any) string {
	switch v := v.(type) {
	case float32:
		return fmt.Sprintf("%08x", math.Float32bits(v))
	case float64:
		return fmt.Sprintf("%016x", math.Float64bits(v))
	case []any:
		out := "["
		for _, e := range v {
			out += exact(e) + " "
		}
		return out + "]"
	}
	return fmt.Sprintf("%T %x", v, v)
}

func FuzzDecodeNeverPanics(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1})
	f.Add([]byte{255, 255, 255, 255, 0})
	list := feature.Field{Kind: feature.List, Children: []feature.Field{{Kind: feature.Int32, Nullable: true}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		decode(list, data)
		(&table{schema: &feature.Schema{}}).unpack(data)
	})
}

func BenchmarkEncode(b *testing.B) {
	g := &rowgen.Gen{Schema: rowgen.Realistic(feature.ByEventTime), Keys: 1 << 40, Seed: 1}
	rows := g.Batch(feature.Place{Topic: "rows"}, 0, 1000)
	for _, layout := range []Layout{Plain, Packed} {
		b.Run(layout.String(), func(b *testing.B) {
			one, all := request{table: newTable("ks", layout, rows.Schema)}, request{}
			b.ReportAllocs()
			for b.Loop() {
				for i := range rows.Len() {
					one.reset()
					if err := one.encode(rows, i, span{}); err != nil {
						b.Fatal(err)
					}
					if i%10 == 0 {
						all.reset()
					}
					all.take(&one)
					if i%10 == 9 {
						all.bind()
					}
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/1000, "ns/row")
		})
	}
}
