package feature

import (
	"errors"
	"fmt"
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
	List         // Column.Elem, cut by Column.Offsets
)

var kindNames = [...]string{"invalid", "bool", "int32", "int64", "float32", "float64", "string", "bytes", "list"}

// String is the name of the kind, in lower case.
func (k Kind) String() string { return kindNames[k] }

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
)

var logicalNames = [...]string{
	"", "date", "time-millis", "time-micros", "timestamp-millis", "timestamp-micros", "timestamp-nanos",
	"local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos",
}

// String is Avro's name of the logical type; empty for Plain.
func (l Logical) String() string { return logicalNames[l] }

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
	Elem     *Field // of a List: its items
}

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
	if f.Kind == List && f.Elem != nil {
		s = "list<" + f.Elem.typeName() + ">"
	}
	if f.Logical != Plain {
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

// reserved are the columns that the stores add beside the features.
var reserved = map[string]bool{"_epoch": true, "_partition": true, "_offset": true, "_deleted": true, "_expires": true, "_order": true, "_ts": true, "_row": true, "row": true}

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
	lower := strings.ToLower(f.Name)
	if reserved[lower] {
		return fmt.Errorf("column %q: the name is taken by the stores' own columns", f.Name)
	}
	// SQL engines fold case: two columns may not differ by it alone.
	for name := range s.byName {
		if strings.EqualFold(name, f.Name) {
			return fmt.Errorf("column %q: %q is a column already", f.Name, name)
		}
	}
	s.byName[f.Name] = i
	if !f.valid() {
		return fmt.Errorf("column %q: %s is no type", f.Name, f.typeName())
	}
	return nil
}

// valid reports whether the logical type is one of the kind's, down to the items.
func (f Field) valid() bool {
	switch f.Logical {
	case Plain:
	case Date, TimeMillis:
		return f.Kind == Int32
	default:
		return f.Kind == Int64
	}
	return f.Kind != Invalid && (f.Kind != List || f.Elem != nil && f.Elem.valid())
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
	switch s.Fields[i].Kind {
	case Float32, Float64, List:
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

func (s *Schema) names() string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
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
