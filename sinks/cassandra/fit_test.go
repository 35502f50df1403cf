package cassandra

import (
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var (
	more  = feature.Field{Name: "more", Kind: feature.Int64, Nullable: true}
	point = feature.Field{Name: "at", Kind: feature.Struct, Nullable: true, Children: []feature.Field{{Name: "x", Kind: feature.Float64}}}
)

// growing is a table of `id string` and the given fields.
func growing(t *testing.T, l Layout, fields ...feature.Field) *table {
	return newTable("ks", l, schemaOf(t, feature.Group{Evolve: true}, fields...))
}

func TestATableThatLacksColumnsGetsTheirTypesFirst(t *testing.T) {
	for layout, alter := range map[Layout]string{Plain: `ALTER TABLE "ks"."g_1" ADD`, Packed: `ALTER TYPE "ks"."g_1_row" ADD`} {
		want := growing(t, layout, more, point)
		_, missing, err := want.fit(growing(t, layout).shape())
		if err != nil {
			t.Fatal(err)
		}
		name := want.structName("at")
		sameText(t, missing, alter+` "more" bigint`,
			`CREATE TYPE IF NOT EXISTS "ks"."`+name+`" ("x" double)`, alter+` "at" frozen<"`+name+`">`)
	}
}

func TestColumnsOfOthersAreNullInTheirPlaces(t *testing.T) {
	for layout, want := range map[Layout][]string{Plain: {"at", "more", "theirs"}, Packed: {"theirs", "at", "more"}} {
		theirs := feature.Field{Name: "theirs", Kind: feature.String, Nullable: true}
		ours := growing(t, layout, more, point)
		fitted, missing, err := ours.fit(growing(t, layout, theirs, point, more).shape())
		if err != nil || len(missing) > 0 {
			t.Fatal(missing, err)
		}
		var got []string
		for _, s := range fitted.slots {
			got = append(got, s.name)
			if i := ours.schema.Index(s.name); s.field != i {
				t.Errorf("%v: %q is bound to field %d, want %d", layout, s.name, s.field, i)
			}
		}
		sameText(t, got, want...)
	}
}

func TestAShapeThatNoGrowthExplainsIsRefused(t *testing.T) {
	text := feature.Field{Name: "more", Kind: feature.String, Nullable: true}
	never := feature.Field{Name: "never", Kind: feature.Int64}
	other := point
	other.Children = []feature.Field{{Name: "x", Kind: feature.String}}
	for _, layout := range []Layout{Plain, Packed} {
		for name, c := range map[string]struct{ have, want []feature.Field }{
			"a column of another type":     {[]feature.Field{text}, []feature.Field{more}},
			"no column that is never null": {nil, []feature.Field{never}},
			"a struct of another type":     {[]feature.Field{other}, []feature.Field{point}},
		} {
			if _, _, err := growing(t, layout, c.want...).fit(growing(t, layout, c.have...).shape()); err == nil ||
				!strings.Contains(err.Error(), "another shape") {
				t.Errorf("%v, %s: %v", layout, name, err)
			}
		}
		for name, have := range map[string]*table{
			"another key":    newTable("ks", layout, schemaOf(t, feature.Group{PrimaryKey: []string{"id", "never"}}, never)),
			"another layout": growing(t, Plain+Packed-layout),
		} {
			if _, _, err := growing(t, layout).fit(have.shape()); err == nil {
				t.Errorf("%v: %s is accepted", layout, name)
			}
		}
		fixed := newTable("ks", layout, schemaOf(t, feature.Group{}))
		if _, _, err := fixed.fit(growing(t, layout, more).shape()); err == nil {
			t.Errorf("%v: a group that doesn't evolve takes a column more", layout)
		}
	}
}

func TestAPackedRowReadsBackThroughATypeInAnotherOrder(t *testing.T) {
	theirs := feature.Field{Name: "theirs", Kind: feature.String, Nullable: true}
	ours := growing(t, Packed, more, point)
	fitted, _, err := ours.fit(growing(t, Packed, theirs, point, more).shape())
	if err != nil {
		t.Fatal(err)
	}
	b := rowgen.NewBuilder(ours.schema, feature.TopicPartition{Topic: "rows"}, 7)
	b.Add(feature.Record{Offset: 7}, feature.Upsert, "k", int64(5), map[string]any{"x": 1.5})
	rows := b.Rows()
	row, err := fitted.stored([]wire{wire("k"), appendPacked(nil, fitted, rows, 0, rows.Version(0))})
	if err != nil || row.Version.Offset != 7 || exact(row.Values) != exact([]any{"k", int64(5), map[string]any{"x": 1.5}}) {
		t.Errorf("%+v, %v", row, err)
	}
}
