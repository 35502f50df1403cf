package stages

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// filler is the default of a field, as a column of one row: bare, and with a
// validity for columns that have one. So nothing is made for a row.
type filler struct{ bare, valid feature.Column }

func (f *filler) appendTo(to *feature.Column) {
	if to.Valid == nil {
		to.Extend(&f.bare)
	} else {
		to.Extend(&f.valid)
	}
}

// compileFill compiles a field that only the reader has.
func compileFill(f *avro.Field, column feature.Field) (op, error) {
	if !f.HasDefault() {
		return op{}, errors.New("the writer doesn't have it, and it has no default")
	}
	v, err := defaultOf(f.Type(), column, f.Default())
	if err != nil {
		return op{}, fmt.Errorf("default: %w", err)
	}
	if v == nil {
		return op{code: opNull}, nil
	}
	one := feature.NewColumn(column)
	if err := one.Append(v); err != nil {
		return op{}, fmt.Errorf("default: %w", err)
	}
	validate(one.Children)
	fill := &filler{bare: one, valid: one}
	fill.valid.Valid = valid(1)
	return op{code: opFill, other: &other{fill: fill}}, nil
}

// validate gives every nullable column below a default a validity, as those of a batch soon have.
func validate(columns []feature.Column) {
	for i := range columns {
		if c := &columns[i]; c.Field.Nullable && c.Valid == nil {
			c.Valid = valid(c.Len())
		}
		validate(columns[i].Children)
	}
}

func valid(n int) []bool {
	return slices.Repeat([]bool{true}, n)
}

// defaultOf is a default as a column's value. The parser has checked its type,
// and that of a union against the first branch.
func defaultOf(schema avro.Schema, f feature.Field, v any) (any, error) {
	schema = actual(schema)
	if u, ok := schema.(*avro.UnionSchema); ok {
		schema = actual(u.Types()[0])
	}
	switch schema.Type() {
	case avro.Null:
		return nil, nil
	case avro.Int:
		n, ok := v.(int)
		if !ok || n != int(int32(n)) || !inDay(f.Logical, int64(n)) {
			return nil, fmt.Errorf("%v is out of range", v)
		}
		return int32(n), nil
	case avro.Long:
		// The parser reads numbers as doubles, of which only these are exact.
		n, ok := v.(int64)
		if !ok || n > 1<<53 || n < -1<<53 || !inDay(f.Logical, n) {
			return nil, fmt.Errorf("%v is out of range", v)
		}
		return n, nil
	case avro.Float:
		if x, ok := v.(float32); !ok || math.IsInf(float64(x), 0) {
			return nil, fmt.Errorf("%v is out of range", v)
		}
	case avro.Fixed:
		b := make([]byte, schema.(*avro.FixedSchema).Size())
		reflect.Copy(reflect.ValueOf(b), reflect.ValueOf(v))
		return b, nil
	case avro.Array:
		return defaultList(schema.(*avro.ArraySchema), f.Elem(), v.([]any))
	}
	return v, nil
}

func defaultList(s *avro.ArraySchema, f feature.Field, list []any) (any, error) {
	out := make([]any, len(list))
	for i := range list {
		v, err := defaultOf(s.Items(), f, list[i])
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// inDay holds a default to what is asked of a time of day that was written.
func inDay(l feature.Logical, v int64) bool {
	switch l {
	case feature.TimeMillis:
		return v >= 0 && v < int64(24*time.Hour/time.Millisecond)
	case feature.TimeMicros:
		return v >= 0 && v < int64(24*time.Hour/time.Microsecond)
	}
	return true
}
