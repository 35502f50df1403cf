package feature_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func described(t *testing.T, change func(*feature.Group), more ...feature.Field) *feature.Schema {
	g := feature.Group{Name: "clicks", PrimaryKey: []string{"id"}, EventTime: "at", Order: feature.ByEventTime}
	change(&g)
	fields := []feature.Field{{Name: "id", Kind: feature.String}, {Name: "at", Kind: feature.Int64, Logical: feature.TimestampMillis}}
	return mustSchema(t, g, append(fields, more...)...)
}

func TestATableThatSaysAnotherGroupIsFound(t *testing.T) {
	same := func(*feature.Group) {}
	amount := feature.Field{Name: "amount", Kind: feature.Float64, Nullable: true}
	says := described(t, same, amount).Describe().String()
	for name, c := range map[string]struct {
		schema *feature.Schema
		says   string // empty: it fits
	}{
		"the same":       {described(t, same, amount), ""},
		"a column less":  {described(t, same), ""},
		"a column more":  {described(t, same, amount, feature.Field{Name: "n", Kind: feature.Int32}), ""},
		"a TTL":          {described(t, func(g *feature.Group) { g.TTL = time.Hour }, amount), ""},
		"never null":     {described(t, same, feature.Field{Name: "amount", Kind: feature.Float64}), ""},
		"another order":  {described(t, func(g *feature.Group) { g.Order = feature.ByLog }, amount), "order by event-time"},
		"another key":    {described(t, func(g *feature.Group) { g.PrimaryKey = []string{"at", "id"} }, amount), "key (id)"},
		"another group":  {described(t, func(g *feature.Group) { g.Name = "views" }, amount), "group clicks"},
		"another unit":   {mustSchema(t, described(t, same).Group, feature.Field{Name: "id", Kind: feature.String}, feature.Field{Name: "at", Kind: feature.Int64, Logical: feature.TimestampMicros}), "timestamp-millis"},
		"another column": {described(t, same, feature.Field{Name: "amount", Kind: feature.Int64}), "column amount is float64"},
	} {
		d, err := feature.ParseDescription(says)
		if err != nil {
			t.Fatal(err)
		}
		wrong := strings.Join(d.Differs(c.schema), ", ")
		if c.says == "" && wrong != "" || c.says != "" && !strings.Contains(wrong, c.says) {
			t.Errorf("%s: want %q, got %q", name, c.says, wrong)
		}
	}
	for _, text := range []string{"", "clicks, by team a", "{"} {
		if _, err := feature.ParseDescription(text); err == nil {
			t.Errorf("%q is a description", text)
		}
	}
}

func TestADescriptionKeepsTheColumnsOfOthers(t *testing.T) {
	n, m := feature.Field{Name: "n", Kind: feature.Int32}, feature.Field{Name: "m", Kind: feature.Bool}
	a, b := described(t, func(*feature.Group) {}, n), described(t, func(g *feature.Group) { g.TTL = time.Minute }, m)
	both := a.Describe().With(b)
	if both.Features["n"] != "int32" || both.Features["m"] != "bool" || both.TTL != "1m0s" {
		t.Errorf("%v", both)
	}
}
