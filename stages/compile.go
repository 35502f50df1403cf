package stages

import (
	"errors"
	"fmt"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// parse reads a schema on its own: names of other schemas mean nothing to it.
func parse(schema string) (avro.Schema, error) {
	return avro.ParseWithCache(schema, "", &avro.SchemaCache{})
}

// compile turns a record schema into a program and the fields that it fills,
// or reports every field that can't be a column.
func compile(schema avro.Schema) (program, []feature.Field, error) {
	record, ok := schema.(*avro.RecordSchema)
	if !ok {
		return nil, nil, fmt.Errorf("want a record, got %s", schema.Type())
	}
	var (
		p      program
		fields []feature.Field
		errs   []error
	)
	for i, f := range record.Fields() {
		o, field, err := compileType(f.Type())
		if err != nil {
			errs = append(errs, fmt.Errorf("field %q: %w", f.Name(), err))
			continue
		}
		o.name, o.column, field.Name = f.Name(), i, f.Name()
		p, fields = append(p, o), append(fields, field)
	}
	return p, fields, errors.Join(errs...)
}

// compileType compiles a field or an item. A union of null and one other type
// makes it nullable.
func compileType(schema avro.Schema) (op, feature.Field, error) {
	union, ok := schema.(*avro.UnionSchema)
	if !ok {
		return compileValue(schema)
	}
	types := union.Types()
	if len(types) != 2 || (types[0].Type() == avro.Null) == (types[1].Type() == avro.Null) {
		return op{}, feature.Field{}, fmt.Errorf("a union can only be of null and one other type, not %v", union)
	}
	null := 0
	if types[1].Type() == avro.Null {
		null = 1
	}
	o, f, err := compileValue(types[1-null])
	o.nullable, o.null, o.width, f.Nullable = true, int64(null), 1, true
	return o, f, err
}

func compileValue(schema avro.Schema) (op, feature.Field, error) {
	if ref, ok := schema.(*avro.RefSchema); ok {
		schema = ref.Schema()
	}
	if err := refuseLogical(schema); err != nil {
		return op{}, feature.Field{}, err
	}
	switch s := schema.(type) {
	case *avro.PrimitiveSchema:
		return compilePrimitive(s)
	case *avro.EnumSchema:
		return op{code: opEnum, width: 1, symbols: s.Symbols()}, feature.Field{Kind: feature.String}, nil
	case *avro.FixedSchema:
		if s.Size() < 1 {
			return op{}, feature.Field{}, errors.New("a fixed of no bytes can't be a column")
		}
		return op{code: opFixed, width: s.Size(), size: s.Size()}, feature.Field{Kind: feature.Bytes}, nil
	case *avro.ArraySchema:
		return compileArray(s)
	}
	return op{}, feature.Field{}, fmt.Errorf("a %s can't be a column; primitives, enums, fixed and arrays of primitives can", schema.Type())
}

// refuseLogical refuses types whose bytes alone have lost their meaning.
func refuseLogical(schema avro.Schema) error {
	s, ok := schema.(avro.LogicalTypeSchema)
	if !ok || s.Logical() == nil {
		return nil
	}
	switch t := s.Logical().Type(); t {
	case avro.Decimal, avro.Duration:
		return fmt.Errorf("a %s can't be a column yet", t)
	}
	return nil
}

func compileArray(s *avro.ArraySchema) (op, feature.Field, error) {
	o, elem, err := compileType(s.Items())
	if err != nil {
		return o, elem, fmt.Errorf("items: %w", err)
	}
	switch o.code {
	case opEnum, opFixed, opList:
		return o, elem, fmt.Errorf("items: an array of %s can't be a column yet; an array of primitives can", s.Items().Type())
	}
	return op{code: opList, width: 1, item: &o}, feature.Field{Kind: feature.List, Children: []feature.Field{elem}}, nil
}

var primitives = map[avro.Type]struct {
	code  code
	width int
	kind  feature.Kind
}{
	avro.Boolean: {opBool, 1, feature.Bool},
	avro.Int:     {opInt, 1, feature.Int32},
	avro.Long:    {opLong, 1, feature.Int64},
	avro.Float:   {opFloat, 4, feature.Float32},
	avro.Double:  {opDouble, 8, feature.Float64},
	avro.String:  {opString, 1, feature.String},
	avro.Bytes:   {opBytes, 1, feature.Bytes},
}

func compilePrimitive(s *avro.PrimitiveSchema) (op, feature.Field, error) {
	t, ok := primitives[s.Type()]
	if !ok {
		return op{}, feature.Field{}, fmt.Errorf("a %s can't be a column", s.Type())
	}
	o, f := op{code: t.code, width: t.width}, feature.Field{Kind: t.kind, Logical: logical(s)}
	switch f.Logical {
	case feature.TimeMillis:
		o.code = opTimeMillis
	case feature.TimeMicros:
		o.code = opTimeMicros
	}
	return o, f, nil
}

// logical is the logical type of an int or a long. The parser forgets those of
// another type, as Avro wants it, and doesn't know nanoseconds.
func logical(s *avro.PrimitiveSchema) feature.Logical {
	name, _ := s.Prop("logicalType").(string)
	if l := s.Logical(); l != nil {
		name = string(l.Type())
	} else if s.Type() != avro.Long || name != feature.TimestampNanos.String() && name != feature.LocalTimestampNanos.String() {
		return feature.Plain
	}
	for l := feature.Date; l <= feature.LocalTimestampNanos; l++ {
		if l.String() == name {
			return l
		}
	}
	return feature.Plain
}
