// Package rowgen makes schemas and sealed batches for tests and benchmarks:
// rows written by hand as scenarios, realistic rows of twenty columns, and
// random rows of every type with the values that stores get wrong.
package rowgen

import (
	"slices"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// EventTime is the event-time column of every schema here that has one.
const EventTime = "event_time"

// Plain is the smallest schema: `id string, amount int64?`, by log, without an event time.
func Plain() *feature.Schema {
	return must(feature.Group{Name: "plain", PrimaryKey: []string{"id"}},
		field("id", feature.String), nullable(field("amount", feature.Int64)))
}

// Timed is the smallest schema with an event time: `id string, event_time
// int64/timestamp-millis, amount int64?`.
func Timed(o feature.Order) *feature.Schema {
	return must(feature.Group{Name: "timed", PrimaryKey: []string{"id"}, EventTime: EventTime, Order: o},
		field("id", feature.String), millis(EventTime), nullable(field("amount", feature.Int64)))
}

// Realistic is the schema of twenty columns that benchmarks use. Without keys
// its primary key is entity_id; region, device and user_id can join it.
func Realistic(o feature.Order, keys ...string) *feature.Schema {
	if len(keys) == 0 {
		keys = []string{"entity_id"}
	}
	item := feature.Field{Kind: feature.Float32}
	return must(feature.Group{Name: "user_features", PrimaryKey: keys, EventTime: EventTime, Order: o},
		field("entity_id", feature.String),
		field("user_id", feature.Int64),
		field("session_id", feature.String),
		millis(EventTime),
		millis("ingest_time"),
		field("region", feature.String),
		field("device", feature.String),
		nullable(field("country", feature.String)),
		field("score", feature.Float64),
		field("ctr", feature.Float64),
		field("price", feature.Float64),
		field("f1", feature.Float64),
		nullable(field("f2", feature.Float64)),
		field("cnt_1d", feature.Int64),
		field("cnt_7d", feature.Int64),
		nullable(field("cnt_30d", feature.Int64)),
		field("is_active", feature.Bool),
		field("age", feature.Int32),
		field("model_version", feature.String),
		feature.Field{Name: "embedding", Kind: feature.List, Elem: &item},
	)
}

// EveryType is every kind and logical type, each also as nullable, and lists of
// each primitive, with and without null items, plain and nullable. Its primary
// key is a column of each kind that a key may have, but those that keep leaves
// out; a nil keep takes all.
func EveryType(o feature.Order, keep func(feature.Field) bool) *feature.Schema {
	var fields []feature.Field
	for _, f := range Types() {
		n := strings.TrimPrefix(f.Name, "a_")
		fields = append(fields, f, nullable(renamed(f, "opt_"+n)))
		if f.Logical != feature.Plain {
			continue
		}
		item, opt := renamed(f, ""), nullable(renamed(f, ""))
		list := feature.Field{Name: "list_" + n, Kind: feature.List, Elem: &item}
		holes := feature.Field{Name: "holes_" + n, Kind: feature.List, Elem: &opt}
		fields = append(fields, list, holes, nullable(renamed(holes, "opt_holes_"+n)))
	}
	keys := []feature.Field{
		field("key_long", feature.Int64), field("key_string", feature.String), field("key_bytes", feature.Bytes),
		field("key_int", feature.Int32), field("key_bool", feature.Bool),
		{Name: "key_date", Kind: feature.Int32, Logical: feature.Date},
	}
	if keep != nil {
		drop := func(f feature.Field) bool { return !keep(f) }
		keys, fields = slices.DeleteFunc(keys, drop), slices.DeleteFunc(fields, drop)
	}
	g := feature.Group{Name: "every_type", PrimaryKey: names(keys), EventTime: EventTime, Order: o}
	return must(g, slices.Concat(keys, []feature.Field{millis(EventTime)}, fields)...)
}

// Types is one column of every kind but lists, and of every logical type, each
// named after itself.
func Types() []feature.Field {
	types := []feature.Field{
		{Kind: feature.Bool},
		{Kind: feature.Int32},
		{Kind: feature.Int64},
		{Kind: feature.Float32},
		{Kind: feature.Float64},
		{Kind: feature.String},
		{Kind: feature.Bytes},
		{Kind: feature.Int32, Logical: feature.Date},
		{Kind: feature.Int32, Logical: feature.TimeMillis},
	}
	for l := feature.TimeMicros; l <= feature.LocalTimestampNanos; l++ {
		types = append(types, feature.Field{Kind: feature.Int64, Logical: l})
	}
	for i, f := range types {
		types[i].Name = "a_" + f.Kind.String()
		if f.Logical != feature.Plain {
			types[i].Name = "a_" + strings.ReplaceAll(f.Logical.String(), "-", "_")
		}
	}
	return types
}

// With is the schema of a changed group.
func With(s *feature.Schema, change func(*feature.Group)) *feature.Schema {
	g := s.Group
	change(&g)
	return must(g, s.Fields...)
}

func must(g feature.Group, fields ...feature.Field) *feature.Schema {
	s, err := feature.NewSchema(g, fields)
	if err != nil {
		panic(err)
	}
	return s
}

func field(name string, k feature.Kind) feature.Field { return feature.Field{Name: name, Kind: k} }

func millis(name string) feature.Field {
	return feature.Field{Name: name, Kind: feature.Int64, Logical: feature.TimestampMillis}
}

func nullable(f feature.Field) feature.Field {
	f.Nullable = true
	return f
}

func renamed(f feature.Field, name string) feature.Field {
	f.Name = name
	return f
}

func names(fields []feature.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}
