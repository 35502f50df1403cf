package avro

import (
	"errors"
	"fmt"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// maxTypes bounds what a schema may unfold to: a named type can be used many
// times, and hold others that are.
const maxTypes = 20_000

var errManyTypes = fmt.Errorf("the schema unfolds to more than %d types", maxTypes)

// compiler compiles one schema.
type compiler struct {
	open map[string]bool // the records around the type at hand
	left int             // of maxTypes
}

func newCompiler() *compiler { return &compiler{open: map[string]bool{}, left: maxTypes} }

// compile turns a record schema into a program and the fields that it fills,
// or reports every field that can't be a column. A field of type null takes no
// bytes and says nothing: it is no column.
func compile(schema hamba.Schema) (ops, []feature.Field, error) {
	record, ok := schema.(*hamba.RecordSchema)
	if !ok {
		return nil, nil, fmt.Errorf("want a record, got %s", schema.Type())
	}
	return newCompiler().fields(record)
}

func (c *compiler) fields(record *hamba.RecordSchema) (ops, []feature.Field, error) {
	name := record.FullName()
	if c.open[name] {
		return nil, nil, fmt.Errorf("record %s holds itself: there is no end to its columns", name)
	}
	c.open[name] = true
	defer delete(c.open, name)
	var (
		p      ops
		fields []feature.Field
		errs   []error
	)
	for _, f := range record.Fields() {
		if f.Type().Type() == hamba.Null {
			continue
		}
		o, field, err := c.typ(f.Type())
		if c.left < 0 {
			return nil, nil, errManyTypes
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("field %q: %w", f.Name(), err))
			continue
		}
		o.name, o.column, field.Name = f.Name(), len(fields), f.Name()
		p, fields = append(p, o), append(fields, field)
	}
	return p, fields, errors.Join(errs...)
}

// typ compiles a field, an item or a map's value. A union of null and one
// other type makes it nullable.
func (c *compiler) typ(schema hamba.Schema) (op, feature.Field, error) {
	union, ok := schema.(*hamba.UnionSchema)
	if !ok {
		return c.value(schema)
	}
	types := union.Types()
	if len(types) != 2 || (types[0].Type() == hamba.Null) == (types[1].Type() == hamba.Null) {
		return op{}, feature.Field{}, fmt.Errorf("a union can only be of null and one other type, not %v", union)
	}
	null := 0
	if types[1].Type() == hamba.Null {
		null = 1
	}
	o, f, err := c.value(types[1-null])
	o.nullable, o.null, o.width, f.Nullable = true, int64(null), 1, true
	return o, f, err
}

func (c *compiler) value(schema hamba.Schema) (op, feature.Field, error) {
	if c.left--; c.left < 0 {
		return op{}, feature.Field{}, errManyTypes
	}
	switch s := actual(schema).(type) {
	case *hamba.PrimitiveSchema:
		return compilePrimitive(s)
	case *hamba.EnumSchema:
		return op{code: opEnum, width: 1, symbols: s.Symbols()}, feature.Field{Kind: feature.String}, nil
	case *hamba.FixedSchema:
		return compileFixed(s)
	case *hamba.ArraySchema:
		return c.array(s)
	case *hamba.MapSchema:
		return c.mapping(s)
	case *hamba.RecordSchema:
		return c.record(s)
	}
	return op{}, feature.Field{}, fmt.Errorf("a %s can't be a column", schema.Type())
}

func (c *compiler) array(s *hamba.ArraySchema) (op, feature.Field, error) {
	o, item, err := c.typ(s.Items())
	if err != nil {
		return op{}, feature.Field{}, fmt.Errorf("items: %w", err)
	}
	return listOp(o), feature.ListOf("", item), nil
}

func (c *compiler) mapping(s *hamba.MapSchema) (op, feature.Field, error) {
	o, value, err := c.typ(s.Values())
	if err != nil {
		return op{}, feature.Field{}, fmt.Errorf("values: %w", err)
	}
	return mapOp(o), feature.MapOf("", value), nil
}

func (c *compiler) record(s *hamba.RecordSchema) (op, feature.Field, error) {
	p, fields, err := c.fields(s)
	if err == nil && len(fields) == 0 {
		err = fmt.Errorf("record %s has no field that could be a column", s.FullName())
	}
	if err != nil {
		return op{}, feature.Field{}, err
	}
	return structOp(p), feature.StructOf("", fields...), nil
}

func listOp(item op) op {
	return op{code: opList, width: 1, size: item.width, parts: ops{item}}
}

func mapOp(value op) op {
	return op{code: opMap, width: 1, size: 1 + value.width, parts: ops{value}}
}

func structOp(fields ops) op {
	o := op{code: opStruct, parts: fields}
	for i := range fields {
		o.width += fields[i].width
	}
	return o
}
