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
		feature.ListOf("embedding", feature.Field{Kind: feature.Float32}),
	)
}

// EveryType is every kind and logical type, each also as nullable; lists and
// maps of them, with and without nulls; and structs, lists and maps in each
// other. Its primary key is a column of each kind that a key may have, but those
// that keep leaves out; a nil keep takes all.
func EveryType(o feature.Order, keep func(feature.Field) bool) *feature.Schema {
	var fields []feature.Field
	for _, f := range slices.Concat(Types(), Nested()) {
		fields = append(fields, f, nullable(renamed(f, "opt_"+strings.TrimPrefix(f.Name, "a_"))))
	}
	keys := []feature.Field{
		field("key_long", feature.Int64), field("key_string", feature.String), field("key_bytes", feature.Bytes),
		field("key_int", feature.Int32), field("key_bool", feature.Bool),
		{Name: "key_date", Kind: feature.Int32, Logical: feature.Date},
		{Name: "key_uuid", Kind: feature.Bytes, Logical: feature.UUID, Size: 16},
		{Name: "key_fixed", Kind: feature.Bytes, Size: 4},
	}
	if keep != nil {
		drop := func(f feature.Field) bool { return !keep(f) }
		keys, fields = slices.DeleteFunc(keys, drop), slices.DeleteFunc(fields, drop)
	}
	g := feature.Group{Name: "every_type", PrimaryKey: names(keys), EventTime: EventTime, Order: o}
	return must(g, slices.Concat(keys, []feature.Field{millis(EventTime)}, fields)...)
}

// Types is one column of every kind that isn't nested, and of every logical
// type, each named after itself.
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
		{Kind: feature.Bytes, Logical: feature.UUID, Size: 16},
		{Kind: feature.Bytes, Logical: feature.Duration, Size: 12},
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
	return append(types,
		feature.Field{Name: "a_fixed", Kind: feature.Bytes, Size: 5},
		decimal("a_decimal_1", 1, 1), decimal("a_decimal_9", 9, 2), decimal("a_decimal_18", 18, 0), decimal("a_decimal_38", 38, 10))
}

// Nested is lists and maps of every type, some with nulls, and the kinds in each other.
func Nested() []feature.Field {
	var out []feature.Field
	for i, f := range Types() {
		n, item := strings.TrimPrefix(f.Name, "a_"), renamed(f, "")
		out = append(out, feature.ListOf("list_"+n, item), feature.ListOf("holes_"+n, nullable(item)))
		if i%2 == 0 {
			item = nullable(item)
		}
		out = append(out, feature.MapOf("map_"+n, item))
	}
	text, floats := field("text", feature.String), feature.ListOf("floats", field("", feature.Float32))
	point := feature.StructOf("point", field("x", feature.Float64), nullable(field("y", feature.Float64)), nullable(text))
	item := nullable(renamed(point, ""))
	deep := feature.StructOf("deep", point, nullable(renamed(point, "opt")), floats, nullable(renamed(feature.MapOf("", item), "byName")),
		decimal("amount", 20, 4), millis("at"))
	list := feature.ListOf("", nullable(field("", feature.Int32)))
	return append(out, point, deep,
		feature.ListOf("points", renamed(point, "")), feature.ListOf("holed_points", item),
		feature.MapOf("named", renamed(deep, "")), feature.MapOf("holed_named", item),
		feature.ListOf("grid", list), feature.ListOf("holed_grid", nullable(list)),
		feature.ListOf("maps", nullable(feature.MapOf("", feature.ListOf("", nullable(renamed(text, "")))))))
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

func decimal(name string, precision, scale int) feature.Field {
	return feature.Field{Name: name, Kind: feature.Bytes, Logical: feature.Decimal, Precision: precision, Scale: scale}
}

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
