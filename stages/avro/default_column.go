package avro

import (
	"errors"
	"fmt"
	"slices"

	hamba "github.com/hamba/avro/v2"

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

var errNoDefault = errors.New("the writer doesn't have it, and it has no default")

// compileFill compiles a field that only the reader has.
func compileFill(f *hamba.Field, column feature.Field) (op, error) {
	if !f.HasDefault() {
		return op{}, errNoDefault
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
	validate(&one)
	fill := &filler{bare: one, valid: one}
	fill.valid.Valid = valid(1)
	return op{code: opFill, other: &other{fill: fill}}, nil
}

// validate gives every column below a default that can be null a validity, as
// those of a batch soon have. So can each field of a struct, where that is null.
func validate(c *feature.Column) {
	for i := range c.Children {
		child := &c.Children[i]
		if child.Valid == nil && (child.Field.Nullable || c.Field.Kind == feature.Struct) {
			child.Valid = valid(child.Len())
		}
		validate(child)
	}
}

func valid(n int) []bool {
	return slices.Repeat([]bool{true}, n)
}
