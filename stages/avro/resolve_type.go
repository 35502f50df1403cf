package avro

import (
	"errors"
	"fmt"
	"slices"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// typ resolves a field, an item or a map's value. The reader's is one that
// compile takes, and f what it gives.
func (rs *resolver) typ(w, r hamba.Schema, f feature.Field, depth int) (op, error) {
	if rs.left--; rs.left < 0 {
		return op{}, errManyTypes
	}
	value, nullable := actual(r), false
	if u, ok := r.(*hamba.UnionSchema); ok {
		null, typ := u.Indices()
		value, nullable = actual(u.Types()[typ]), null != typ
	}
	switch w := actual(w).(type) {
	case *hamba.UnionSchema:
		return rs.union(w, nullable, func(branch hamba.Schema) (op, error) { return rs.typ(branch, r, f, depth) })
	case *hamba.NullSchema:
		if !nullable {
			return op{}, fmt.Errorf("a null can't be read as %s", value.Type())
		}
		return op{code: opNull}, nil
	default:
		return rs.value(w, value, f, depth)
	}
}

// nothing resolves what is to be read as null.
func (rs *resolver) nothing(w hamba.Schema) (op, error) {
	switch w := actual(w).(type) {
	case *hamba.NullSchema:
		return op{code: opSkip, other: &other{skip: compileSkip(w, rs.known)}}, nil
	case *hamba.UnionSchema:
		return rs.union(w, false, rs.nothing)
	}
	return op{}, fmt.Errorf("%s can't be read as null", w.Type())
}

// union has each branch of the writer's resolved by itself.
func (rs *resolver) union(w *hamba.UnionSchema, nullable bool, resolve func(branch hamba.Schema) (op, error)) (op, error) {
	types := w.Types()
	null := slices.IndexFunc(types, func(t hamba.Schema) bool { return t.Type() == hamba.Null })
	if len(types) == 2 && null >= 0 && nullable {
		o, err := resolve(types[1-null])
		if err == nil { // as compile has it
			o.nullable, o.null, o.width = true, int64(null), 1
			return o, nil
		}
	}
	branches := make([]op, len(types))
	var errs []error
	for i, t := range types {
		o, err := resolve(t)
		if err != nil {
			o = op{code: opNoBranch}
			errs = append(errs, err)
		}
		branches[i] = o
	}
	if len(errs) == len(types) {
		return op{}, errors.Join(errs...)
	}
	return op{code: opUnion, width: 1, other: &other{branches: branches}}, nil
}

func (rs *resolver) value(w, r hamba.Schema, f feature.Field, depth int) (op, error) {
	switch r := r.(type) {
	case *hamba.PrimitiveSchema:
		if w, ok := w.(*hamba.PrimitiveSchema); ok {
			return resolvePrimitive(w, r)
		}
	case *hamba.EnumSchema:
		if w, ok := w.(*hamba.EnumSchema); ok {
			return resolveEnum(w, r)
		}
	case *hamba.FixedSchema:
		if w, ok := w.(*hamba.FixedSchema); ok {
			return resolveFixed(w, r)
		}
	case *hamba.ArraySchema:
		if w, ok := w.(*hamba.ArraySchema); ok {
			return rs.array(w, r, f, depth)
		}
	case *hamba.MapSchema:
		if w, ok := w.(*hamba.MapSchema); ok {
			_, value := f.Entries()
			o, err := rs.typ(w.Values(), r.Values(), value, depth)
			if err != nil {
				return op{}, fmt.Errorf("values: %w", err)
			}
			return mapOp(o), nil
		}
	case *hamba.RecordSchema:
		if w, ok := w.(*hamba.RecordSchema); ok {
			if err := sameName(w, r); err != nil {
				return op{}, err
			}
			p, err := rs.fields(w, r, f.Children, depth+1)
			return structOp(p), err
		}
	}
	return op{}, fmt.Errorf("%s can't be read as %s", w.Type(), r.Type())
}

// promotions are the writer's and the reader's types that differ and resolve.
var promotions = map[[2]hamba.Type]code{
	{hamba.Int, hamba.Long}:     opIntAsLong,
	{hamba.Int, hamba.Float}:    opIntAsFloat,
	{hamba.Int, hamba.Double}:   opIntAsDouble,
	{hamba.Long, hamba.Float}:   opLongAsFloat,
	{hamba.Long, hamba.Double}:  opLongAsDouble,
	{hamba.Float, hamba.Double}: opFloatAsDouble,
	{hamba.String, hamba.Bytes}: opBytes,
	{hamba.Bytes, hamba.String}: opString,
}

func resolvePrimitive(w, r *hamba.PrimitiveSchema) (op, error) {
	if err := sameLogical(w, r); err != nil {
		return op{}, err
	}
	o, _, err := compilePrimitive(r)
	if err != nil || w.Type() == r.Type() {
		return o, err
	}
	as, ok := promotions[[2]hamba.Type{w.Type(), r.Type()}]
	if !ok {
		return op{}, fmt.Errorf("%s can't be read as %s", w.Type(), r.Type())
	}
	switch o.code {
	case opTimeMicros:
		as = opIntAsTimeMicros
	case opUUID, opDecimal:
		as = o.code
	}
	return op{code: as, width: primitives[w.Type()].width}, nil
}

// sameLogical compares two logical types, where there are two. Avro would let
// milliseconds pass for microseconds, as both are longs. A decimal may be read
// as one of more digits, as long as the point stays.
func sameLogical(w, r hamba.Schema) error {
	from, to := logical(w), logical(r)
	if from == feature.Plain || to == feature.Plain {
		return nil
	}
	if from != to {
		return fmt.Errorf("%v can't be read as %v", from, to)
	}
	if from != feature.Decimal {
		return nil
	}
	precision, scale, err := digits(w)
	if err != nil {
		return err
	}
	if most, same, err := digits(r); err != nil || precision > most || scale != same {
		return fmt.Errorf("decimal(%d,%d) can't be read as decimal(%d,%d)", precision, scale, most, same)
	}
	return nil
}

func resolveEnum(w, r *hamba.EnumSchema) (op, error) {
	symbols := slices.Clone(w.Symbols())
	for i, s := range symbols {
		if !slices.Contains(r.Symbols(), s) {
			symbols[i] = r.Default() // "" without one
		}
	}
	return op{code: opEnum, width: 1, symbols: symbols}, sameName(w, r)
}

func resolveFixed(w, r *hamba.FixedSchema) (op, error) {
	if w.Size() != r.Size() {
		return op{}, fmt.Errorf("a fixed of %d bytes can't be read as one of %d", w.Size(), r.Size())
	}
	if err := errors.Join(sameLogical(w, r), sameName(w, r)); err != nil {
		return op{}, err
	}
	o, _, err := compileFixed(r)
	return o, err
}

func (rs *resolver) array(w, r *hamba.ArraySchema, f feature.Field, depth int) (op, error) {
	o, err := rs.typ(w.Items(), r.Items(), f.Elem(), depth)
	if err == nil && o.width == 0 {
		// A few bytes could say that there are any number of them.
		err = fmt.Errorf("an array of %s that take no bytes can't be read", w.Items().Type())
	}
	if err != nil {
		return op{}, fmt.Errorf("items: %w", err)
	}
	return listOp(o), nil
}
