package content

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// TestContentsAreEqualWhereRowsAre holds the hash by columns against the
// encoding by rows, over values that are easily taken for each other.
func TestContentsAreEqualWhereRowsAre(t *testing.T) {
	item := feature.Field{Kind: feature.Int64, Nullable: true}
	embed := feature.Field{Kind: feature.Float32}
	fields := []feature.Field{
		{Name: "k", Kind: feature.String, Nullable: true},
		{Name: "b", Kind: feature.Bool, Nullable: true},
		{Name: "i", Kind: feature.Int32, Nullable: true},
		{Name: "l", Kind: feature.Int64, Nullable: true},
		{Name: "d", Kind: feature.Float64, Nullable: true},
		{Name: "ls", Kind: feature.List, Children: []feature.Field{item}, Nullable: true},
		{Name: "ds", Kind: feature.List, Children: []feature.Field{{Kind: feature.Float64}}, Nullable: true},
		{Name: "is", Kind: feature.List, Children: []feature.Field{{Kind: feature.Int64}}, Nullable: true},
		{Name: "fs", Kind: feature.List, Children: []feature.Field{embed}, Nullable: true},
		{Name: "m", Kind: feature.Map, Children: []feature.Field{{Kind: feature.String}, item}, Nullable: true},
		{Name: "r", Kind: feature.Struct, Children: []feature.Field{{Name: "a", Kind: feature.Int64, Nullable: true}, {Name: "b", Kind: feature.Int64, Nullable: true}}, Nullable: true},
		{Name: "i2", Kind: feature.Int32, Nullable: true}, // nulls and values change places with i
	}
	s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}}, fields)
	if err != nil {
		t.Fatal(err)
	}
	choices := [][]any{
		{nil, "", "\x00"},
		{nil, false, true},
		{nil, int32(0), int32(-1)},
		{nil, int64(0), int64(1)},
		{nil, 0.0, math.Copysign(0, -1)},
		{nil, []any{}, []any{nil}, []any{int64(0)}, []any{int64(0), int64(0)}},
		{nil, []any{}, []any{0.0}, []any{math.Copysign(0, -1)}, []any{0.0, 0.0}},
		{nil, []any{}, []any{int64(0)}, []any{int64(1)}, []any{int64(0), int64(0)}},
		{nil, []any{}, []any{float32(0)}, []any{float32(0), float32(0)}},
		{nil, map[string]any{}, map[string]any{"": nil}, map[string]any{"": int64(0)}, map[string]any{"a": int64(0), "b": int64(1)}, map[string]any{"a": int64(1), "b": int64(0)}},
		{nil, map[string]any{}, map[string]any{"a": int64(0)}, map[string]any{"b": int64(0)}, map[string]any{"a": int64(0), "b": int64(0)}},
		{nil, int32(0), int32(-1)},
	}
	const seed = 4
	rnd, rows := rand.New(rand.NewPCG(seed, seed)), feature.NewRows(s, feature.TopicPartition{})
	for range 1500 {
		for c := range fields {
			// Mostly nulls, so that there are equal rows too.
			if err := rows.Columns[c].Append(choices[c][rnd.IntN(1+rnd.IntN(1+rnd.IntN(len(choices[c]))))]); err != nil {
				t.Fatal(err)
			}
		}
		rows.Add(feature.Record{}, feature.Op(rnd.IntN(2)))
	}
	rows.Seal()
	hashes, c := make([]uint64, 0, rows.Len()), NewHasher()
	hashes = append(hashes, c.Of(rows)...)
	equal := 0
	for i := range rows.Len() {
		for j := range i {
			want := bytes.Equal(rows.AppendContent(nil, i), rows.AppendContent(nil, j))
			if want {
				equal++
			}
			if got := hashes[i] == hashes[j]; got != want {
				t.Fatalf("seed %d: %v\n%v\nequal: %v, by their hashes %v", seed, spell(rows, i), spell(rows, j), want, got)
			}
		}
	}
	if equal == 0 {
		t.Fatal("no two rows were equal")
	}
	if other := NewHasher(); other.Of(rows)[0] == hashes[0] {
		t.Error("two lanes hash alike")
	}
}

func TestItemsBelongToTheirList(t *testing.T) {
	inner := feature.Field{Kind: feature.List, Children: []feature.Field{{Kind: feature.Int64, Nullable: true}}}
	s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}}, []feature.Field{
		{Name: "k", Kind: feature.Bool}, {Name: "lists", Kind: feature.List, Children: []feature.Field{inner}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, list := feature.NewRows(s, feature.TopicPartition{}), []any{int64(1), nil}
	for i, lists := range []any{[]any{list, []any{}}, []any{[]any{}, list}, []any{list}} {
		if err := errors.Join(rows.Columns[0].Append(true), rows.Columns[1].Append(lists)); err != nil {
			t.Fatal(err)
		}
		rows.Add(feature.Record{Offset: int64(i)}, feature.Upsert)
	}
	rows.Seal()
	h := NewHasher()
	if sums := h.Of(rows); sums[0] == sums[1] || sums[1] == sums[2] || sums[0] == sums[2] {
		t.Errorf("the sums are %x", sums)
	}
}

func spell(rows *feature.Rows, i int) []any {
	list := []any{rows.Ops[i]}
	for c := range rows.Columns {
		list = append(list, rows.Columns[c].Value(i))
	}
	return list
}
