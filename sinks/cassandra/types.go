package cassandra

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// cqlType is the type that keeps every value of a field to the bit, nulls and empties told apart. The path says where
// in its table the field is.
//
//   - A date holds all int32 days: CQL counts them unsigned from -2^31.
//   - A timestamp is an instant in milliseconds. Finer ones, and those in no time zone, are bigint.
//   - A duration is a blob: CQL's own has signed months and days of 32 bits, and Avro's are unsigned.
//   - Collections refuse null items, so an item that may be null is wrapped in a tuple of one.
//   - Collections are frozen: one that isn't reads back as null when it is empty.
//   - A struct is a user-defined type of its own; any field of such a type can be null.
func (t *table) cqlType(f feature.Field, path string) string {
	switch f.Kind {
	case feature.List:
		return "frozen<list<" + t.itemType(f, f.Elem(), path) + ">>"
	case feature.Map:
		_, value := f.Entries()
		return "frozen<map<text, " + t.itemType(f, value, path) + ">>"
	case feature.Struct:
		return "frozen<" + quote(t.structName(path)) + ">"
	}
	return nativeType(f)
}

func (t *table) itemType(of, item feature.Field, path string) string {
	typ := t.cqlType(item, childPath(of, item, path))
	if item.Nullable {
		return "frozen<tuple<" + typ + ">>"
	}
	return typ
}

// nativeType is the type of a field that has no children.
func nativeType(f feature.Field) string {
	switch f.Logical {
	case feature.Date:
		return "date"
	case feature.TimestampMillis:
		return "timestamp"
	case feature.Decimal:
		return "decimal"
	case feature.UUID:
		return "uuid"
	}
	switch f.Kind {
	case feature.Bool:
		return "boolean"
	case feature.Int32:
		return "int"
	case feature.Int64:
		return "bigint"
	case feature.Float32:
		return "float"
	case feature.Float64:
		return "double"
	case feature.String:
		return "text"
	}
	return "blob"
}

// userType is a user-defined type.
type userType struct {
	name   string
	fields []column
}

func (u userType) String() string {
	return "type " + u.name + " (" + join(u.fields, column.String, ", ") + ")"
}

// structTypes are the types of the structs in a field, each after those that it is made of.
func (t *table) structTypes(f feature.Field, path string) []userType {
	var out []userType
	var fields []column
	for _, c := range f.Children {
		at := childPath(f, c, path)
		out = append(out, t.structTypes(c, at)...)
		fields = append(fields, column{c.Name, t.cqlType(c, at)})
	}
	if f.Kind == feature.Struct {
		out = append(out, userType{t.structName(path), fields})
	}
	return out
}

// childPath tells all fields of a table apart: no name has a dot or a bracket in it.
func childPath(of, child feature.Field, path string) string {
	switch of.Kind {
	case feature.List:
		return path + "[]"
	case feature.Map:
		return path + "{}"
	}
	return path + "." + child.Name
}

// maxTypeName is as many bytes as Cassandra takes of a table's name.
const maxTypeName = 48

// structName is the name of a struct's type: the table and the path as far as there is room, for people, and a digest
// of the two, which alone would tell types apart. It never ends like the name of a packed row's type.
func (t *table) structName(path string) string {
	digest := fmt.Sprintf("_%x", sha256.Sum256([]byte(t.name()+"."+path)))[:17]
	name := t.name() + "_" + strings.NewReplacer(".", "_", "[]", "", "{}", "").Replace(path)
	return name[:min(len(name), maxTypeName-len(digest))] + digest
}
