package stages

import (
	"fmt"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// A feature that stands in its row as bytes, which are an Avro body of the
// feature's own type: here the programs are made that read both at once.

// within reads such bytes, all of them. A lone 00 is a null whichever branch of
// the feature's union null is: no value of the other branch is so short.
func (o *op) within(c *cursor, to *feature.Column) {
	b := c.skip(c.length())
	if c.err != nil {
		return
	}
	item := o.other.within
	if len(b) == 1 && b[0] == 0 && item.nullable {
		to.AppendNull()
		return
	}
	if c.inner == nil {
		inner := newCursor()
		c.inner = &inner
	}
	c.inner.reset(b)
	item.read(c.inner, to)
	if err := c.inner.end(); err != nil {
		c.fail(fmt.Errorf("the body in its bytes: %w", err))
	}
}

// wire is how a row has complex features that a schema has in full.
type wire struct {
	asInside bool // null stands where the feature's own union has it; default: first
}

// inBytes is fields for a row whose complex features stand in bytes. The
// writer's schema has such a feature as bytes, and then they are of the reader's
// type, or in full, and then the row has a union of null and bytes.
func (rs *resolver) inBytes(w, r *avro.RecordSchema, columns []feature.Field, depth int) (program, error) {
	full, outer, err := rs.wire.unwrap(w, r)
	if err != nil {
		return nil, err
	}
	p, err := rs.fields(full, r, columns, depth)
	if err != nil {
		return nil, err
	}
	for i, null := range outer {
		if null != notWithin {
			p[i] = p[i].intoBytes(null, columns[p[i].column].Nullable)
		}
	}
	return p, nil
}

// What may stand in place of the branch that is null.
const (
	neverNull = -1 // bytes alone
	notWithin = -2 // the field is what its schema says
)

// nullOrBytes is a complex feature's type in a row, unless a schema says otherwise.
var nullOrBytes = avro.MustParse(`["null","bytes"]`)

// unwrap gives the writer's schema with complex features in full, and which
// branch of each feature's union in the row is null. What the reader lacks
// stays as it is in the row.
func (v *wire) unwrap(w, r *avro.RecordSchema) (full *avro.RecordSchema, outer []int, err error) {
	match := matchFields(w, r)
	fields := make([]*avro.Field, len(w.Fields()))
	outer = make([]int, len(fields))
	for i, f := range w.Fields() {
		typ := f.Type()
		outer[i] = notWithin
		switch null, bytes := bytesIn(typ); {
		case match[i] < 0 && isComplex(typ):
			typ = nullOrBytes
		case isComplex(typ):
			if outer[i] = 0; v.asInside {
				outer[i] = max(0, nullIn(typ))
			}
		case match[i] >= 0 && bytes && isComplex(r.Fields()[match[i]].Type()):
			outer[i], typ = null, r.Fields()[match[i]].Type()
		}
		if fields[i], err = avro.NewField(f.Name(), typ); err != nil {
			return nil, nil, err
		}
	}
	full, err = avro.NewRecordSchema(w.Name(), w.Namespace(), fields)
	return full, outer, err
}

// isComplex reports whether a type stands in a row as bytes.
func isComplex(schema avro.Schema) bool {
	schema = actual(schema)
	if u, ok := schema.(*avro.UnionSchema); ok {
		if !u.Nullable() {
			return true
		}
		_, typ := u.Indices()
		schema = actual(u.Types()[typ])
	}
	switch schema.Type() {
	case avro.Array, avro.Map, avro.Record, avro.Error:
		return true
	}
	return false
}

// nullIn is the branch that is null, or neverNull.
func nullIn(schema avro.Schema) int {
	if u, ok := schema.(*avro.UnionSchema); ok && u.Nullable() {
		null, _ := u.Indices()
		return null
	}
	return neverNull
}

// bytesIn reports whether a type is bytes, or a union of null and bytes, and
// then which branch is null.
func bytesIn(schema avro.Schema) (null int, ok bool) {
	if null = nullIn(schema); null != neverNull {
		schema = schema.(*avro.UnionSchema).Types()[1-null]
	}
	return null, schema.Type() == avro.Bytes
}

// intoBytes has o read what stands in the row's bytes, or in a union of which
// branch null is null. Where the column can't be null, that branch is foreign.
func (o op) intoBytes(null int, nullable bool) op {
	in := op{name: o.name, column: o.column, code: opWithin, width: 1, other: &other{within: &o}}
	switch {
	case null == neverNull:
		return in
	case nullable:
		in.nullable, in.null = true, int64(null)
		return in
	}
	branches := []op{in, in}
	branches[null] = op{code: opForeign}
	return op{name: o.name, column: o.column, code: opUnion, width: 1, other: &other{branches: branches}}
}
