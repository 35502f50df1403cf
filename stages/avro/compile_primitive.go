package avro

import (
	"errors"
	"fmt"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

var primitives = map[hamba.Type]struct {
	code  code
	width int
	kind  feature.Kind
}{
	hamba.Boolean: {opBool, 1, feature.Bool},
	hamba.Int:     {opInt, 1, feature.Int32},
	hamba.Long:    {opLong, 1, feature.Int64},
	hamba.Float:   {opFloat, 4, feature.Float32},
	hamba.Double:  {opDouble, 8, feature.Float64},
	hamba.String:  {opString, 1, feature.String},
	hamba.Bytes:   {opBytes, 1, feature.Bytes},
}

func compilePrimitive(s *hamba.PrimitiveSchema) (op, feature.Field, error) {
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

func compileFixed(s *hamba.FixedSchema) (op, feature.Field, error) {
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
