package feature_test

import (
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// deep is a column of lists in lists.
func deep(levels int) feature.Field {
	f := feature.Field{Kind: feature.Int32}
	for range levels {
		f = feature.ListOf("", f)
	}
	f.Name = "deep"
	return f
}

func TestWhatIsNoTypeIsRefused(t *testing.T) {
	leaf := feature.Field{Name: "x", Kind: feature.Int32}
	sized := func(k feature.Kind, l feature.Logical, size int) feature.Field {
		return feature.Field{Name: "c", Kind: k, Logical: l, Size: size}
	}
	for _, c := range []struct {
		f    feature.Field
		says string // empty: it is one
	}{
		{deep(32), ""},
		{deep(33), "more than 32 deep"},
		{feature.StructOf("c"), "struct is no type"},
		{feature.StructOf("c", feature.Field{Kind: feature.Int32}), "struct: name"},
		{feature.StructOf("c", feature.Field{Name: `x"`, Kind: feature.Int32}), "struct: name"},
		{feature.StructOf("c", leaf, feature.Field{Name: "X", Kind: feature.Bool}), `"X" is a field twice`},
		{feature.StructOf("c", leaf, feature.Field{Name: "y", Kind: feature.Bool}), ""},
		{feature.StructOf("c", feature.Field{Name: "tandem_offset", Kind: feature.Bool}), ""},
		{feature.ListOf("c", feature.StructOf("", leaf, leaf)), `"x" is a field twice`},
		{feature.Field{Name: "c", Kind: feature.List}, "list is no type"},
		{feature.Field{Name: "c", Kind: feature.Map, Children: []feature.Field{{Kind: feature.Int32}, leaf}}, "is no type"},
		{feature.Field{Name: "c", Kind: feature.Map, Children: []feature.Field{{Kind: feature.String, Nullable: true}, leaf}}, "is no type"},
		{feature.Field{Name: "c", Kind: feature.Int32, Children: []feature.Field{leaf}}, "is no type"},
		{sized(feature.Bytes, feature.Plain, -1), "is no type"},
		{sized(feature.String, feature.Plain, 4), "is no type"},
		{sized(feature.Bytes, feature.UUID, 0), "is no type"},
		{sized(feature.Bytes, feature.UUID, 15), "is no type"},
		{sized(feature.String, feature.UUID, 0), "is no type"},
		{sized(feature.Bytes, feature.Duration, 16), "is no type"},
		{sized(feature.Kind(99), feature.Plain, 0), "kind 99 is no type"},
		{sized(feature.Invalid, feature.Plain, 0), "invalid is no type"},
		{sized(feature.Int64, feature.Logical(99), 0), "logical 99 is no type"},
		{sized(feature.Int64, feature.Decimal, 0), "is no type"},
		{decimal(0, 0), "is no type"},
		{decimal(39, 0), "is no type"},
		{decimal(3, 4), "is no type"},
		{decimal(3, -1), "is no type"},
		{decimal(38, 38), ""},
	} {
		_, err := rowgen.Plain().WithColumns(c.f)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.f.Name)) {
			t.Errorf("%v: want %q, got %v", c.f, c.says, err)
		}
	}
}

func TestOnlyWhatIsWrittenInOneWayCanBeAKey(t *testing.T) {
	for _, f := range everyType.Fields {
		keyed := f.Kind < feature.List && f.Kind != feature.Float32 && f.Kind != feature.Float64 && f.Logical != feature.Decimal && f.Logical != feature.Duration
		_, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{f.Name}}, []feature.Field{f})
		if keyed != (err == nil) {
			t.Errorf("%v as a key: %v", f, err)
		}
	}
}

func TestASchemaThatGrowsLeavesTheOldOneAlone(t *testing.T) {
	s := rowgen.Plain()
	was := s.String()
	a, b := feature.Field{Name: "a", Kind: feature.Int32, Nullable: true}, feature.Field{Name: "b", Kind: feature.Bool, Nullable: true}
	one, err := s.WithColumns(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.WithColumns(b)
	if err != nil {
		t.Fatal(err)
	}
	if s.String() != was || one.String() != was+", a int32?" || other.String() != was+", b bool?" || one.Index("a") != 2 || s.Index("a") != -1 {
		t.Errorf("%v; %v; %v", s, one, other)
	}
	for _, f := range []feature.Field{{Name: "AMOUNT", Kind: feature.Int64}, {Name: "tandem_x", Kind: feature.Int64}} {
		if got, err := s.WithColumns(f); err == nil {
			t.Errorf("%v", got)
		}
	}
}

func TestABatchInAWiderSchemaHasNullsThere(t *testing.T) {
	rows := extremes(t, 20)
	wide, err := everyType.WithColumns(
		feature.Field{Name: "new", Kind: feature.Int32, Nullable: true},
		feature.StructOf("new_point", feature.ListOf("l", feature.Field{Kind: feature.Int32}), feature.Field{Name: "u", Kind: feature.Bytes, Size: 3}))
	if err != nil {
		t.Fatal(err)
	}
	narrow := len(rows.Columns)
	fork := rows.Fork()
	as := fork.Widen(wide)
	if as.Widen(everyType) != as || len(rows.Columns) != narrow || len(fork.Columns) != narrow || fork.Schema != everyType {
		t.Error("a batch that was widened changed, or one was narrowed")
	}
	all := feature.NewRows(wide, feature.TopicPartition{})
	all.Extend(as)
	all.Extend(as)
	for i := range all.Len() {
		if !all.Row(i).Null("new") || all.Row(i).Value("new_point") != nil || string(all.Key(i)) != string(rows.Key(i%20)) || all.Time(i) != rows.Time(i%20) {
			t.Fatalf("row %d: %v, %v, key %x, time %d", i, all.Row(i).Value("new"), all.Row(i).Value("new_point"), all.Key(i), all.Time(i))
		}
	}
	as.Drop(3, feature.Late, feature.Online)
	if rows.Outcomes[feature.Online][3] != feature.Pending || fork.Outcomes[feature.Online][3] != feature.Late {
		t.Error("outcomes are not shared with the batch, or with its other branch too")
	}
}
