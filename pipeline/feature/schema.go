package feature

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind is how a column's values lie in memory.
type Kind uint8

// The kinds, and the slice of a Column that holds them.
const (
	Invalid Kind = iota
	Bool         // Column.Bools
	Int32        // Column.Int32s
	Int64        // Column.Int64s
	Float32      // Column.Float32s
	Float64      // Column.Float64s
	String       // Column.Bytes, cut by Column.Offsets
	Bytes        // Column.Bytes, cut by Column.Offsets
	List         // Column.Children: the items, cut by Column.Offsets
	Map          // Column.Children: keys, which are strings and different, and values, cut by Column.Offsets
	Struct       // Column.Children: a column for each field, aligned with the rows
)

var kindNames = [...]string{"invalid", "bool", "int32", "int64", "float32", "float64", "string", "bytes", "list", "map", "struct"}

// String is the name of the kind, in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Logical is what a value stands for, by the names of Avro's logical types.
type Logical uint8

// The logical types. Dates and times of day are Int32 or Int64 as in Avro.
const (
	Plain                Logical = iota
	Date                         // Int32: days since 1970-01-01
	TimeMillis                   // Int32: milliseconds since midnight
	TimeMicros                   // Int64: microseconds since midnight
	TimestampMillis              // Int64: milliseconds since 1970-01-01 UTC
	TimestampMicros              // Int64: microseconds since 1970-01-01 UTC
	TimestampNanos               // Int64: nanoseconds since 1970-01-01 UTC
	LocalTimestampMillis         // Int64: as TimestampMillis, in no time zone
	LocalTimestampMicros         // Int64: as TimestampMicros, in no time zone
	LocalTimestampNanos          // Int64: as TimestampNanos, in no time zone
	Decimal                      // Bytes: an integer to be divided by 10^Scale, in as few bytes as two's complement takes, big-endian
	UUID                         // Bytes: 16 of them, in the order in which they are written
	Duration                     // Bytes: months, days and milliseconds, each an unsigned 32-bit integer, little-endian
)

var logicalNames = [...]string{
	"", "date", "time-millis", "time-micros", "timestamp-millis", "timestamp-micros", "timestamp-nanos",
	"local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos", "decimal", "uuid", "duration",
}

// String is Avro's name of the logical type; empty for Plain.
func (l Logical) String() string {
	if int(l) < len(logicalNames) {
		return logicalNames[l]
	}
	return "logical " + strconv.Itoa(int(l))
}

// Unit is how long one step of the logical type lasts; zero where it isn't a
// point in time.
func (l Logical) Unit() time.Duration {
	switch l {
	case Date:
		return 24 * time.Hour
	case TimestampMillis, LocalTimestampMillis:
		return time.Millisecond
	case TimestampMicros, LocalTimestampMicros:
		return time.Microsecond
	case TimestampNanos, LocalTimestampNanos:
		return time.Nanosecond
	}
	return 0
}

// Field is a column's name and type.
type Field struct {
	Name     string
	Kind     Kind
	Logical  Logical
	Nullable bool

	Size             int // of Bytes that are all of one length, 1 or more; 0 where they aren't
	Precision, Scale int // of a Decimal: 1 to MaxPrecision digits, of which 0 to Precision are after the point

	// Children are the items of a List, the keys and the values of a Map, or the
	// fields of a Struct, of which there is at least one.
	Children []Field
}

// MaxPrecision is the most digits of a Decimal: more fit into no Parquet column that engines read.
const MaxPrecision = 38

// ListOf is a field of items.
func ListOf(name string, item Field) Field {
	return Field{Name: name, Kind: List, Children: []Field{item}}
}

// MapOf is a field of values by string.
func MapOf(name string, value Field) Field {
	return Field{Name: name, Kind: Map, Children: []Field{{Kind: String}, value}}
}

// StructOf is a field of fields.
func StructOf(name string, fields ...Field) Field {
	return Field{Name: name, Kind: Struct, Children: fields}
}

// Elem is the items of a List.
func (f Field) Elem() Field { return f.Children[0] }

// Entries are the keys and the values of a Map.
func (f Field) Entries() (key, value Field) { return f.Children[0], f.Children[1] }

// String writes the field as `name type`, as error messages show it.
func (f Field) String() string {
	s := f.typeName()
	if f.Name != "" {
		s = f.Name + " " + s
	}
	return s
}

func (f Field) typeName() string {
	s := f.Kind.String()
	if f.Size != 0 && f.Logical == Plain {
		s += fmt.Sprintf("(%d)", f.Size)
	}
	if len(f.Children) > 0 {
		children := make([]string, len(f.Children))
		for i, c := range f.Children {
			children[i] = c.String()
		}
		s += "<" + strings.Join(children, ", ") + ">"
	}
	switch f.Logical {
	case Plain:
	case Decimal:
		s += fmt.Sprintf("/%v(%d,%d)", f.Logical, f.Precision, f.Scale)
	default:
		s += "/" + f.Logical.String()
	}
	if f.Nullable {
		s += "?"
	}
	return s
}

// Equal reports whether two fields have one name and type.
func (f Field) Equal(o Field) bool { return f.String() == o.String() }

// Schema is a group's columns, checked against its declared identity. It is
// immutable: all rows and all nodes of a flow share one.
type Schema struct {
	Group  Group
	Fields []Field

	keys   []int // columns of the primary key, in declared order
	time   int   // column of the event time, or -1
	byName map[string]int
}

// NewSchema checks the group against its columns and reports all that is wrong.
func NewSchema(g Group, fields []Field) (*Schema, error) {
	s := &Schema{Group: g, Fields: fields, time: -1, byName: make(map[string]int, len(fields))}
	errs := []error{g.Validate()}
	for i, f := range fields {
		errs = append(errs, s.addField(i, f))
	}
	for _, name := range g.PrimaryKey {
		errs = append(errs, s.addKey(name))
	}
	errs = append(errs, s.setTime(g.EventTime))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Schema) addField(i int, f Field) error {
	if err := CheckName(f.Name); err != nil {
		return fmt.Errorf("column: %w", err)
	}
	if isOwn(f.Name) {
		return fmt.Errorf("column %q: names that begin with %s are the stores' own", f.Name, ownPrefix)
	}
	// SQL engines fold case: two columns may not differ by it alone.
	for name := range s.byName {
		if strings.EqualFold(name, f.Name) {
			return fmt.Errorf("column %q: %q is a column already", f.Name, name)
		}
	}
	s.byName[f.Name] = i
	if err := f.check(); err != nil {
		return fmt.Errorf("column %q: %w", f.Name, err)
	}
	return nil
}

func (s *Schema) addKey(name string) error {
	i, ok := s.byName[name]
	if !ok {
		return fmt.Errorf("feature group %q: primary-key column %q is not in the schema (%s)", s.Group.Name, name, s.names())
	}
	for _, k := range s.keys {
		if k == i {
			return fmt.Errorf("feature group %q: primary-key column %q is named twice", s.Group.Name, name)
		}
	}
	if !s.Fields[i].canBeKey() {
		return fmt.Errorf("feature group %q: a primary key can't be %v", s.Group.Name, s.Fields[i])
	}
	s.keys = append(s.keys, i)
	return nil
}

func (s *Schema) setTime(name string) error {
	if name == "" {
		return nil
	}
	i, ok := s.byName[name]
	if !ok {
		return fmt.Errorf("feature group %q: event-time column %q is not in the schema (%s)", s.Group.Name, name, s.names())
	}
	f := s.Fields[i]
	if f.Logical.Unit() == 0 && (f.Kind != Int64 || f.Logical != Plain) {
		return fmt.Errorf("feature group %q: an event time can't be %v", s.Group.Name, f)
	}
	s.time = i
	return nil
}

func (s *Schema) names() string { return nameList(s.Fields) }

func nameList(fields []Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// Keys are the indexes of the primary-key columns, in declared order.
func (s *Schema) Keys() []int { return s.keys }

// Time is the index of the event-time column, or -1.
func (s *Schema) Time() int { return s.time }

// TimeUnit is how long one step of the event time lasts. A plain long counts
// milliseconds, as Kafka's own timestamps do.
func (s *Schema) TimeUnit() time.Duration {
	if s.time < 0 {
		return time.Millisecond
	}
	if u := s.Fields[s.time].Logical.Unit(); u != 0 {
		return u
	}
	return time.Millisecond
}

// Index is the column of a name, or -1.
func (s *Schema) Index(name string) int {
	if i, ok := s.byName[name]; ok {
		return i
	}
	return -1
}

// IsKey reports whether a column is part of the primary key.
func (s *Schema) IsKey(column int) bool {
	for _, k := range s.keys {
		if k == column {
			return true
		}
	}
	return false
}

// String lists the columns, as error messages show a shape.
func (s *Schema) String() string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.String()
	}
	return strings.Join(names, ", ")
}
