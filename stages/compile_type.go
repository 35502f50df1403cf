package stages

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

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
	var err error
	switch f.Logical {
	case feature.TimeMillis:
		o.code = opTimeMillis
	case feature.TimeMicros:
		o.code = opTimeMicros
	case feature.UUID:
		o.code, f.Kind, f.Size = opUUID, feature.Bytes, 16
	case feature.Decimal:
		o.code = opDecimal
		f.Precision, f.Scale, err = digits(s)
	}
	return o, f, err
}

func compileFixed(s *avro.FixedSchema) (op, feature.Field, error) {
	n := s.Size()
	if n < 1 {
		return op{}, feature.Field{}, errors.New("a fixed of no bytes can't be a column")
	}
	o, f := op{code: opFixed, width: n, size: n}, feature.Field{Kind: feature.Bytes, Logical: logical(s), Size: n}
	var err error
	if f.Logical == feature.Decimal {
		o.code, f.Size = opFixedDecimal, 0
		f.Precision, f.Scale, err = digits(s)
	}
	return o, f, err
}

// unparsed are the logical types that the parser doesn't know, and decimals
// that it takes for invalid: those are for digits to refuse. Any other that
// it forgets doesn't go with its type, and by Avro's rules is ignored.
var unparsed = map[avro.Type][]string{
	avro.Long:  {feature.TimestampNanos.String(), feature.LocalTimestampNanos.String()},
	avro.Bytes: {feature.Decimal.String()},
	avro.Fixed: {feature.Decimal.String(), feature.UUID.String()},
}

// logical is the logical type of a primitive or a fixed.
func logical(schema avro.Schema) feature.Logical {
	var name string
	if s, ok := schema.(avro.LogicalTypeSchema); ok && s.Logical() != nil {
		name = string(s.Logical().Type())
	} else if name = textProp(schema, "logicalType"); !slices.Contains(unparsed[schema.Type()], name) {
		return feature.Plain
	}
	if s, ok := schema.(*avro.FixedSchema); ok && name == feature.UUID.String() && s.Size() != 16 {
		return feature.Plain
	}
	for l := feature.Date; l <= feature.Duration; l++ {
		if l.String() == name {
			return l
		}
	}
	return feature.Plain
}

func textProp(schema avro.Schema, name string) string {
	s, _ := schema.(avro.PropertySchema).Prop(name).(string)
	return s
}

// digits are the precision and the scale of a decimal. Avro would have an
// invalid one be bytes, whose meaning nobody could tell any more: it is refused.
func digits(schema avro.Schema) (precision, scale int, err error) {
	if d, ok := schema.(avro.LogicalTypeSchema).Logical().(*avro.DecimalLogicalSchema); ok {
		precision, scale = d.Precision(), d.Scale()
	} else {
		props := schema.(avro.PropertySchema)
		p, _ := props.Prop("precision").(float64)
		s, _ := props.Prop("scale").(float64)
		precision, scale = int(p), int(s)
	}
	if precision < 1 || precision > feature.MaxPrecision || scale < 0 || scale > precision {
		return 0, 0, fmt.Errorf("a decimal of precision %d and scale %d can't be a column: want 1 to %d digits, and no more than those behind the point",
			precision, scale, feature.MaxPrecision)
	}
	return precision, scale, nil
}
