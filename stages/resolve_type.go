package stages

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// resolveType compiles a field or an item. The reader's is one that compile takes.
func resolveType(w, r avro.Schema) (op, error) {
	value, nullable := actual(r), false
	if u, ok := r.(*avro.UnionSchema); ok {
		null, typ := u.Indices()
		value, nullable = actual(u.Types()[typ]), null != typ
	}
	switch w := actual(w).(type) {
	case *avro.UnionSchema:
		return resolveUnion(w, r, nullable)
	case *avro.NullSchema:
		if !nullable {
			return op{}, fmt.Errorf("a null can't be read as %s", value.Type())
		}
		return op{code: opNull}, nil
	default:
		return resolveValue(w, value)
	}
}

// resolveUnion has each branch of the writer's resolved by itself.
func resolveUnion(w *avro.UnionSchema, r avro.Schema, nullable bool) (op, error) {
	types := w.Types()
	null := slices.IndexFunc(types, func(t avro.Schema) bool { return t.Type() == avro.Null })
	if len(types) == 2 && null >= 0 && nullable {
		o, err := resolveType(types[1-null], r)
		if err == nil { // as compileType has it
			o.nullable, o.null, o.width = true, int64(null), 1
			return o, nil
		}
	}
	branches := make([]op, len(types))
	var errs []error
	for i, t := range types {
		o, err := resolveType(t, r)
		if err != nil {
			o = op{code: opForeign}
			errs = append(errs, err)
		}
		branches[i] = o
	}
	if len(errs) == len(types) {
		return op{}, errors.Join(errs...)
	}
	return op{code: opUnion, width: 1, other: &other{branches: branches}}, nil
}

func resolveValue(w, r avro.Schema) (op, error) {
	if err := refuseLogical(w); err != nil {
		return op{}, err
	}
	switch r := r.(type) {
	case *avro.PrimitiveSchema:
		if w, ok := w.(*avro.PrimitiveSchema); ok {
			return resolvePrimitive(w, r)
		}
	case *avro.EnumSchema:
		if w, ok := w.(*avro.EnumSchema); ok {
			return resolveEnum(w, r)
		}
	case *avro.FixedSchema:
		if w, ok := w.(*avro.FixedSchema); ok {
			return resolveFixed(w, r)
		}
	case *avro.ArraySchema:
		if w, ok := w.(*avro.ArraySchema); ok {
			return resolveArray(w, r)
		}
	}
	return op{}, fmt.Errorf("%s can't be read as %s", w.Type(), r.Type())
}

// promotions are the writer's and the reader's types that differ and resolve.
var promotions = map[[2]avro.Type]code{
	{avro.Int, avro.Long}:     opIntAsLong,
	{avro.Int, avro.Float}:    opIntAsFloat,
	{avro.Int, avro.Double}:   opIntAsDouble,
	{avro.Long, avro.Float}:   opLongAsFloat,
	{avro.Long, avro.Double}:  opLongAsDouble,
	{avro.Float, avro.Double}: opFloatAsDouble,
	{avro.String, avro.Bytes}: opBytes,
	{avro.Bytes, avro.String}: opString,
}

func resolvePrimitive(w, r *avro.PrimitiveSchema) (op, error) {
	// Avro would let milliseconds pass for microseconds, as both are longs.
	if from, to := logical(w), logical(r); from != to && from != feature.Plain && to != feature.Plain {
		return op{}, fmt.Errorf("%v can't be read as %v", from, to)
	}
	o, _, err := compilePrimitive(r)
	if err != nil || w.Type() == r.Type() {
		return o, err
	}
	as, ok := promotions[[2]avro.Type{w.Type(), r.Type()}]
	if !ok {
		return op{}, fmt.Errorf("%s can't be read as %s", w.Type(), r.Type())
	}
	if o.code == opTimeMicros {
		as = opIntAsTimeMicros
	}
	return op{code: as, width: primitives[w.Type()].width}, nil
}

func resolveEnum(w, r *avro.EnumSchema) (op, error) {
	symbols := slices.Clone(w.Symbols())
	for i, s := range symbols {
		if !slices.Contains(r.Symbols(), s) {
			symbols[i] = r.Default() // "" without one
		}
	}
	return op{code: opEnum, width: 1, symbols: symbols}, sameName(w, r)
}

func resolveFixed(w, r *avro.FixedSchema) (op, error) {
	if w.Size() != r.Size() {
		return op{}, fmt.Errorf("a fixed of %d bytes can't be read as one of %d", w.Size(), r.Size())
	}
	return op{code: opFixed, width: r.Size(), size: r.Size()}, sameName(w, r)
}

func resolveArray(w *avro.ArraySchema, r *avro.ArraySchema) (op, error) {
	o, err := resolveType(w.Items(), r.Items())
	if err == nil && o.width == 0 {
		// A few bytes could say that there are any number of them.
		err = errors.New("an array of nulls can't be read")
	}
	if err != nil {
		return op{}, fmt.Errorf("items: %w", err)
	}
	return op{code: opList, width: 1, item: &o}, nil
}
