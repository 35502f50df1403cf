package cassandra

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// driverType is what gocql calls cqlType.
func driverType(f feature.Field) gocql.TypeInfo {
	native := func(t gocql.Type) gocql.NativeType { return gocql.NewNativeType(4, t, "") }
	switch f.Kind {
	case feature.List:
		return gocql.CollectionType{NativeType: native(gocql.TypeList), Elem: driverItemType(f.Elem())}
	case feature.Map:
		key, value := f.Entries()
		return gocql.CollectionType{NativeType: native(gocql.TypeMap), Key: driverType(key), Elem: driverItemType(value)}
	case feature.Struct:
		udt := gocql.UDTTypeInfo{NativeType: native(gocql.TypeUDT)}
		for _, c := range f.Children {
			udt.Elements = append(udt.Elements, gocql.UDTField{Name: c.Name, Type: driverType(c)})
		}
		return udt
	}
	return native(map[string]gocql.Type{
		"boolean": gocql.TypeBoolean, "date": gocql.TypeDate, "int": gocql.TypeInt, "timestamp": gocql.TypeTimestamp,
		"bigint": gocql.TypeBigInt, "float": gocql.TypeFloat, "double": gocql.TypeDouble, "text": gocql.TypeText,
		"blob": gocql.TypeBlob, "decimal": gocql.TypeDecimal, "uuid": gocql.TypeUUID,
	}[nativeType(f)])
}

func driverItemType(f feature.Field) gocql.TypeInfo {
	if !f.Nullable {
		return driverType(f)
	}
	return gocql.TupleTypeInfo{NativeType: gocql.NewNativeType(4, gocql.TypeTuple, ""), Elems: []gocql.TypeInfo{driverType(f)}}
}

// driverValue is a value as gocql wants it.
func driverValue(t *testing.T, f feature.Field, v any) any {
	t.Helper()
	switch {
	case v == nil:
		return wire(nil) // of a struct, gocql takes no plain nil
	case f.Logical == feature.Date:
		return int64(v.(int32)) * 86_400_000
	case f.Logical == feature.Decimal:
		return driverDecimal(t, f, v.([]byte))
	case f.Kind == feature.List:
		items := []any{}
		for _, item := range v.([]any) {
			items = append(items, driverItem(t, f.Elem(), item))
		}
		return items
	case f.Kind == feature.Map:
		return driverMap(t, f, v.(map[string]any))
	case f.Kind == feature.Struct:
		fields := map[string]any{}
		for _, c := range f.Children {
			fields[c.Name] = driverValue(t, c, v.(map[string]any)[c.Name])
		}
		return fields
	}
	return v
}

func driverItem(t *testing.T, f feature.Field, v any) any {
	t.Helper()
	switch {
	case f.Nullable && v == nil:
		return []any{nil}
	case f.Nullable:
		return []any{driverValue(t, f, v)}
	}
	return driverValue(t, f, v)
}

// driverDecimal is gocql's own type for decimals, of the text of one.
func driverDecimal(t *testing.T, f feature.Field, unscaled []byte) any {
	t.Helper()
	digits := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.Scale)), nil)
	text := new(big.Rat).SetFrac(feature.Unscaled(unscaled), digits).FloatString(f.Scale)
	pointer, err := driverType(f).NewWithError()
	if err != nil {
		t.Fatal(err)
	}
	d := reflect.New(reflect.TypeOf(pointer).Elem().Elem()).Interface()
	if err := d.(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

// driverMap has gocql marshal entry by entry: of a whole map it takes them in any order.
func driverMap(t *testing.T, f feature.Field, m map[string]any) any {
	t.Helper()
	_, value := f.Entries()
	out := wire(binary.BigEndian.AppendUint32(nil, uint32(len(m))))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		entry, err := gocql.Marshal(driverType(f), map[string]any{k: driverItem(t, value, m[k])})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry[4:]...)
	}
	return out
}

func extremes(t testing.TB) *feature.Rows {
	const seed = 7
	t.Logf("seed %d", seed)
	g := &rowgen.Gen{Schema: rowgen.EveryType(feature.ByEventTime, nil), Seed: seed, Extremes: true}
	return g.Batch(feature.TopicPartition{Topic: "rows"}, 0, 500)
}

func TestBytesAreThoseOfTheDriver(t *testing.T) {
	rows := extremes(t)
	for c, f := range rows.Schema.Fields {
		for i := range rows.Len() {
			want, err := gocql.Marshal(driverType(f), driverValue(t, f, rows.Columns[c].Value(i)))
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
		only := i%3 == 0
		if only {
			rows.Outcomes[feature.Offline][i] = feature.OnlineOnly
		}
		values := map[string]any{
			orderField: appendToken(nil, v), "tandem_epoch": v.Epoch, "tandem_partition": v.Partition, "tandem_offset": v.Offset,
			"tandem_time": rows.Records[i].Timestamp, "tandem_only": any(wire(nil)),
		}
		if only {
			values["tandem_only"] = true
		}
		for _, f := range []feature.Field{
			{Name: orderField, Kind: feature.Bytes},
			{Name: "tandem_epoch", Kind: feature.Int32},
			{Name: "tandem_partition", Kind: feature.Int32},
			{Name: "tandem_offset", Kind: feature.Int64},
			{Name: "tandem_time", Kind: feature.Int64, Logical: feature.TimestampMillis},
			{Name: "tandem_only", Kind: feature.Bool},
		} {
			udt.Elements = append(udt.Elements, gocql.UDTField{Name: f.Name, Type: driverType(f)})
		}
		for _, s := range tb.slots {
			c, f := s.field, rows.Schema.Fields[s.field]
			udt.Elements = append(udt.Elements, gocql.UDTField{Name: f.Name, Type: driverType(f)})
			values[f.Name] = driverValue(t, f, rows.Columns[c].Value(i))
		}
		want, err := gocql.Marshal(udt, values)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendPacked(nil, tb, rows, i, v); !bytes.Equal(got, want) {
			t.Fatalf("row %d is\n%.2000x, and to gocql\n%.2000x", i, got, want)
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
	case map[string]any:
		out := "{"
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out += fmt.Sprintf("%q:%s ", k, exact(v[k]))
		}
		return out + "}"
	}
	return fmt.Sprintf("%T %x", v, v)
}

func FuzzDecodeNeverPanics(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1})
	f.Add([]byte{255, 255, 255, 255, 0})
	f.Add([]byte{0, 0, 0, 1, 255, 255, 255, 255, 0, 0, 0, 0})
	fields := append(rowgen.Nested(), rowgen.Types()...)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, f := range fields {
			decode(f, data)
		}
		(&table{schema: &feature.Schema{}}).unpack(data)
	})
}

func BenchmarkEncode(b *testing.B) {
	g := &rowgen.Gen{Schema: rowgen.Realistic(feature.ByEventTime), Keys: 1 << 40, Seed: 1}
	rows := g.Batch(feature.TopicPartition{Topic: "rows"}, 0, 1000)
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
