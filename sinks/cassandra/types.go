package cassandra

import "github.com/tandemdata/tandem/pipeline/feature"

// cqlType is the type that keeps every value of a field to the bit, nulls and empties told apart.
//
//   - A date holds all int32 days: CQL counts them unsigned from -2^31.
//   - A timestamp is an instant in milliseconds. Finer ones, and those in no time zone, are bigint.
//   - Collections refuse null items, so an item that may be null is wrapped in a tuple of one.
//   - Lists are frozen: one that isn't reads back as null when it is empty.
func cqlType(f feature.Field) string {
	switch f.Kind {
	case feature.Bool:
		return "boolean"
	case feature.Int32:
		if f.Logical == feature.Date {
			return "date"
		}
		return "int"
	case feature.Int64:
		if f.Logical == feature.TimestampMillis {
			return "timestamp"
		}
		return "bigint"
	case feature.Float32:
		return "float"
	case feature.Float64:
		return "double"
	case feature.String:
		return "text"
	case feature.Bytes:
		return "blob"
	}
	item := cqlType(f.Elem())
	if f.Elem().Nullable {
		item = "frozen<tuple<" + item + ">>"
	}
	return "frozen<list<" + item + ">>"
}
