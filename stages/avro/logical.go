package avro

import (
	"fmt"
	"slices"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// unparsed are the logical types that the parser doesn't know, and decimals
// that it takes for invalid: those are for digits to refuse. Any other that
// it forgets doesn't go with its type, and by Avro's rules is ignored.
var unparsed = map[hamba.Type][]string{
	hamba.Long:  {feature.TimestampNanos.String(), feature.LocalTimestampNanos.String()},
	hamba.Bytes: {feature.Decimal.String()},
	hamba.Fixed: {feature.Decimal.String(), feature.UUID.String()},
}

// logical is the logical type of a primitive or a fixed.
func logical(schema hamba.Schema) feature.Logical {
	var name string
	if s, ok := schema.(hamba.LogicalTypeSchema); ok && s.Logical() != nil {
		name = string(s.Logical().Type())
	} else if name = textProp(schema, "logicalType"); !slices.Contains(unparsed[schema.Type()], name) {
		return feature.Plain
	}
	if s, ok := schema.(*hamba.FixedSchema); ok && name == feature.UUID.String() && s.Size() != 16 {
		return feature.Plain
	}
	for l := feature.Date; l <= feature.Duration; l++ {
		if l.String() == name {
			return l
		}
	}
	return feature.Plain
}

func textProp(schema hamba.Schema, name string) string {
	s, _ := schema.(hamba.PropertySchema).Prop(name).(string)
	return s
}

// digits are the precision and the scale of a decimal. Avro would have an
// invalid one be bytes, whose meaning nobody could tell any more: it is refused.
func digits(schema hamba.Schema) (precision, scale int, err error) {
	if d, ok := schema.(hamba.LogicalTypeSchema).Logical().(*hamba.DecimalLogicalSchema); ok {
		precision, scale = d.Precision(), d.Scale()
	} else {
		props := schema.(hamba.PropertySchema)
		p, _ := props.Prop("precision").(float64)
		s, _ := props.Prop("scale").(float64)
		precision, scale = int(p), int(s)
	}
	if precision < 1 || precision > feature.MaxPrecision || scale < 0 || scale > precision {
		return 0, 0, fmt.Errorf("a decimal of precision %d and scale %d can't be a column: want 1 to %d digits, and no more than those after the point",
			precision, scale, feature.MaxPrecision)
	}
	return precision, scale, nil
}
