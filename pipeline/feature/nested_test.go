package feature_test

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var everyType = rowgen.EveryType(feature.ByEventTime, nil)

// extremes is a random batch of every type. Its seed is printed.
func extremes(t *testing.T, n int) *feature.Rows {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("TANDEM_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("TANDEM_SEED=%d", seed)
	return (&rowgen.Gen{Schema: everyType, Seed: seed, Extremes: true, Gaps: true}).Batch(feature.TopicPartition{}, 0, n)
}

func values(c *feature.Column) []any {
	out := make([]any, c.Len())
	for i := range out {
		out[i] = c.Value(i)
	}
	return out
}

func same(a, b any) bool {
	return bytes.Equal(feature.AppendValue(nil, a), feature.AppendValue(nil, b))
}

func columnOf(t *testing.T, f feature.Field, values ...any) *feature.Column {
	t.Helper()
	c := feature.NewColumn(f)
	for _, v := range values {
		if err := c.Append(v); err != nil {
			t.Fatal(err)
		}
	}
	return &c
}

func TestEveryTypeIsReadAsItWasAppended(t *testing.T) {
	rows := extremes(t, 40)
	for k := range rows.Columns {
		c := &rows.Columns[k]
		again := columnOf(t, c.Field, values(c)...)
		if again.Len() != c.Len() {
			t.Fatalf("%v: %d rows of %d", c.Field, again.Len(), c.Len())
		}
		for i := range c.Len() {
			if c.Null(i) != (c.Value(i) == nil) || !same(again.Value(i), c.Value(i)) {
				t.Errorf("%v: row %d is %v, was %v", c.Field, i, again.Value(i), c.Value(i))
			}
		}
	}
}

func TestEveryTypeIsExtendedBySomeRows(t *testing.T) {
	rows := extremes(t, 60)
	for k := range rows.Columns {
		c := &rows.Columns[k]
		got := columnOf(t, c.Field)
		var want []any
		for _, r := range [][2]int{{40, 60}, {0, 0}, {3, 4}, {0, 9}, {59, 60}} {
			got.ExtendRange(c, r[0], r[1])
			want = append(want, values(c)[r[0]:r[1]]...)
		}
		if !same(values(got), want) {
			t.Errorf("%v: %v, want %v", c.Field, values(got), want)
		}
	}
}

func TestEveryTypeIsExtendedAndCutBack(t *testing.T) {
	rows := extremes(t, 30)
	for k := range rows.Columns {
		c := &rows.Columns[k]
		want := values(c)
		grown := columnOf(t, c.Field)
		if c.Field.Nullable {
			grown.AppendNull()
		}
		first := grown.Len()
		grown.Extend(c)
		grown.Extend(c)
		small := c.Size()
		if grown.Len() != first+2*c.Len() || grown.Size() < 2*(small-len(c.Valid)-64*nodes(c)) {
			t.Fatalf("%v: %d rows of %d bytes, made of twice %d of %d", c.Field, grown.Len(), grown.Size(), c.Len(), small)
		}
		for n := 2 * c.Len(); n >= 0; n -= 7 {
			grown.Truncate(first + n)
			if grown.Len() != first+n {
				t.Fatalf("%v: cut to %d rows, %d are left", c.Field, first+n, grown.Len())
			}
			if n > 0 && !same(grown.Value(first+n-1), want[(n-1)%len(want)]) {
				t.Fatalf("%v: row %d changed", c.Field, n)
			}
		}
		grown.Truncate(first)
		grown.Extend(c)
		if !same(values(grown)[first:], want) {
			t.Errorf("%v: what follows a cut is not what was added", c.Field)
		}
	}
}

// nodes are a column and all below it.
func nodes(c *feature.Column) int {
	n := 1
	for i := range c.Children {
		n += nodes(&c.Children[i])
	}
	return n
}

// halve appends a value to the first of a column's leaves only, as a decoder
// does that fails in mid-row.
func halve(c *feature.Column, v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			halve(c.Elem(), item)
		}
	case map[string]any:
		if c.Field.Kind == feature.Struct {
			halve(&c.Children[0], v[c.Children[0].Field.Name])
			return
		}
		keys, values := c.Entries()
		for k, e := range v {
			_ = keys.Append(k)
			halve(values, e)
		}
	default:
		_ = c.Append(v)
	}
}

func TestARowThatFailedHalfWayIsTakenBack(t *testing.T) {
	rows := extremes(t, 30)
	again := feature.NewRows(everyType, feature.TopicPartition{})
	for i := range rows.Len() {
		for k := range rows.Columns {
			halve(&again.Columns[k], rows.Columns[k].Value(i))
			if k == i*len(rows.Columns)/rows.Len() {
				break // the columns after didn't even begin
			}
		}
		again.AddPlaceholder(rows.Records[i], feature.Dead)
		for k := range rows.Columns {
			if err := again.Columns[k].Append(rows.Columns[k].Value(i)); err != nil {
				t.Fatal(err)
			}
		}
		again.Add(rows.Records[i], rows.Ops[i])
	}
	for k := range rows.Columns {
		for i := range rows.Len() {
			if c := &again.Columns[k]; c.Len() != again.Len() || !c.Null(2*i) || !same(c.Value(2*i+1), rows.Columns[k].Value(i)) {
				t.Fatalf("%v: row %d is %v, want %v", c.Field, i, c.Value(2*i+1), rows.Columns[k].Value(i))
			}
		}
	}
}

func TestContentIsEqualExactlyWhereValuesAre(t *testing.T) {
	rows := extremes(t, 40)
	for k := range rows.Columns {
		c := &rows.Columns[k]
		s := mustSchema(t, feature.Group{Name: "g", PrimaryKey: []string{"k"}}, feature.Field{Name: "k", Kind: feature.Bool}, c.Field)
		r := feature.NewRows(s, feature.TopicPartition{})
		for range 2 { // so that some are equal
			for i := range c.Len() {
				add(t, r, feature.Record{}, true, c.Value(i))
			}
		}
		contents, encoded := map[string]string{}, map[string]string{}
		for i := range r.Len() {
			content, value := string(r.AppendContent(nil, i)), string(feature.AppendValue(nil, r.Columns[1].Value(i)))
			if had, ok := contents[content]; ok && had != value {
				t.Fatalf("%v: %v has the content of another value", c.Field, c.Value(i%40))
			}
			if had, ok := encoded[value]; ok && had != content {
				t.Fatalf("%v: %v has two contents", c.Field, c.Value(i%40))
			}
			contents[content], encoded[value] = value, content
		}
	}
}

func TestTheOrderOfAMapsEntriesSaysNothing(t *testing.T) {
	f := feature.MapOf("m", feature.Field{Kind: feature.Int32})
	s := mustSchema(t, feature.Group{Name: "g", PrimaryKey: []string{"k"}}, feature.Field{Name: "k", Kind: feature.Bool}, f)
	r := feature.NewRows(s, feature.TopicPartition{})
	for _, order := range [][]int32{{1, 2, 10}, {10, 1, 2}, {1, 2}} {
		_ = r.Columns[0].Append(true)
		keys, values := r.Columns[1].Entries()
		for _, n := range order {
			_ = keys.Append(fmt.Sprint(n))
			_ = values.Append(n)
		}
		r.Columns[1].Close()
		r.Add(feature.Record{}, feature.Upsert)
	}
	if !bytes.Equal(r.AppendContent(nil, 0), r.AppendContent(nil, 1)) || bytes.Equal(r.AppendContent(nil, 0), r.AppendContent(nil, 2)) {
		t.Errorf("%x\n%x\n%x", r.AppendContent(nil, 0), r.AppendContent(nil, 1), r.AppendContent(nil, 2))
	}
	if !same(r.Columns[1].Value(0), r.Columns[1].Value(1)) {
		t.Error("as values they differ")
	}
	if got := r.Columns[1].SortedEntries(1); !reflect.DeepEqual(got, []int{4, 3, 5}) {
		t.Errorf("sorted: %v", got)
	}
}

func TestAValueOfAnotherTypeIsRefused(t *testing.T) {
	samples := []any{true, int32(1), int64(1), float32(1), 1.0, "text", []byte("text"), []any{}, map[string]any{"x": nil}, 1, struct{}{}}
	takes := map[feature.Kind]string{
		feature.Bool: "bool", feature.Int32: "int32", feature.Int64: "int64", feature.Float32: "float32", feature.Float64: "float64",
		feature.String: "string", feature.Bytes: "[]uint8", feature.List: "[]interface {}", feature.Map: "map[string]interface {}", feature.Struct: "map[string]interface {}",
	}
	for _, f := range everyType.Fields {
		for _, v := range samples {
			c := feature.NewColumn(f)
			before := c.Size()
			err := c.Append(v)
			if err == nil && fmt.Sprintf("%T", v) != takes[f.Kind] {
				t.Errorf("%v takes %T", f, v)
			}
			if err != nil && (c.Len() != 0 || c.Size() != before) {
				t.Errorf("%v: %v left %d rows, %d bytes", f, err, c.Len(), c.Size())
			}
		}
	}
}

func TestWhatAFieldCannotHoldIsRefused(t *testing.T) {
	uuid := feature.Field{Name: "u", Kind: feature.Bytes, Logical: feature.UUID, Size: 16}
	price := feature.Field{Name: "p", Kind: feature.Bytes, Logical: feature.Decimal, Precision: 2, Scale: 1}
	point := feature.StructOf("s", feature.Field{Name: "x", Kind: feature.Int32}, uuid)
	for _, c := range []struct {
		f    feature.Field
		v    any
		says string
	}{
		{uuid, make([]byte, 15), "u bytes/uuid can't hold"},
		{price, []byte{}, "p bytes/decimal(2,1) can't hold"},
		{price, []byte{0, 1}, "can't hold"},
		{price, []byte{100}, "can't hold"},
		{feature.ListOf("l", uuid), []any{make([]byte, 16), make([]byte, 1)}, "item 1: column u bytes/uuid"},
		{feature.MapOf("m", price), map[string]any{"a": []byte{99}, "b": []byte{0x9c}}, `entry "b": column p`},
		{point, map[string]any{"x": int32(1), "u": "text"}, "column u bytes/uuid can't hold a string"},
		{point, map[string]any{"x": int32(1), "y": int32(1)}, "1 of the 2 fields"},
	} {
		column := feature.NewColumn(c.f)
		if err := column.Append(c.v); err == nil || !strings.Contains(err.Error(), c.says) || column.Len() != 0 {
			t.Errorf("%v of %v: %v, %d rows", c.f, c.v, err, column.Len())
		}
	}
}
