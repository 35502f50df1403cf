package cassandra

import (
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestTypesOfNestedColumns(t *testing.T) {
	tb := newTable("ks", Plain, rowgen.EveryType(feature.ByLog, nil))
	got := map[string]string{}
	for _, s := range tb.slots {
		got[s.name] = strings.ReplaceAll(s.typ, tb.structName(s.name), "STRUCT")
	}
	for name, want := range map[string]string{
		"a_decimal_38": "decimal", "a_uuid": "uuid", "a_duration": "blob", "a_fixed": "blob",
		"map_bool": "frozen<map<text, frozen<tuple<boolean>>>>", "map_int32": "frozen<map<text, int>>",
		"point": `frozen<"STRUCT">`, "grid": "frozen<list<frozen<list<frozen<tuple<int>>>>>>",
		"holed_points": `frozen<list<frozen<tuple<frozen<"` + tb.structName("holed_points[]") + `">>>>>`,
		"named":        `frozen<map<text, frozen<"` + tb.structName("named{}") + `">>>`,
	} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}

func TestATypeIsMadeBehindThoseItIsMadeOf(t *testing.T) {
	tb := newTable("ks", Packed, rowgen.EveryType(feature.ByLog, nil))
	made := map[string]bool{}
	all := tb.userTypes()
	for _, u := range all {
		if len(u.name) > maxTypeName || made[u.name] {
			t.Errorf("the type's name %s is too long, or another's too", u.name)
		}
		for _, of := range all {
			for _, f := range u.fields {
				if strings.Contains(f.typ, quote(of.name)) && !made[of.name] {
					t.Errorf("%s is made before %s", u.name, of.name)
				}
			}
		}
		made[u.name] = true
	}
	if last := all[len(all)-1].name; len(all) < 20 || last != tb.typeName() {
		t.Errorf("%d types, the last %s", len(all), last)
	}
}

func TestNamesOfTypesAreBoundedAndDifferent(t *testing.T) {
	long := strings.Repeat("x", 40)
	names := map[string]string{}
	for _, group := range []string{"g", "g_1", "g_1_", "G", long, long[1:]} {
		tb := newTable("ks", Packed, rowgen.With(rowgen.Plain(), func(g *feature.Group) { g.Name = group }))
		for _, path := range []string{"a", "a[]", "a{}", "a.b", "a_b", "_1_a", "row", long, long + ".a", long + ".b", "A"} {
			name, at := tb.structName(path), group+" "+path
			if other, taken := names[name]; taken || len(name) > maxTypeName || name == tb.typeName() {
				t.Errorf("%s: the name %s is taken by %q, or too long", at, name, other)
			}
			names[name] = at
		}
	}
}
