package avro

import (
	"fmt"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// nestedForm is how a row has the fields that isNested reports.
type nestedForm uint8

const (
	inFull        nestedForm = iota
	nullFirst                // in bytes, in a union in which null comes first
	nullAsInField            // in bytes, in a union in which null stands as in the field's own
)

// readInBytes reads the body of a field that stands in bytes, to their end. The
// single byte 00 means null whichever branch of the field's own union is null:
// no value of the other branch is that short.
func (o *op) readInBytes(c *cursor, to *feature.Column) {
	b := c.skip(c.length())
	if c.err != nil {
		return
	}
	item := o.other.inBytes
	if len(b) == 1 && b[0] == 0 && item.nullable {
		to.AppendNull()
		return
	}
	if c.inner == nil {
		c.inner = &cursor{}
	}
	c.inner.reset(b)
	item.read(c.inner, to)
	if err := c.inner.end(); err != nil {
		c.fail(fmt.Errorf("the body in its bytes: %w", err))
	}
}

// inBytes resolves a record whose nested fields stand in bytes. The writer's
// schema has such a field as bytes, which then are of the reader's type, or in
// full, and then the row has a union of null and bytes.
func (rs *resolver) inBytes(w, r *hamba.RecordSchema, columns []feature.Field) (ops, error) {
	full, outer, err := rs.nested.unwrap(w, r)
	if err != nil {
		return nil, err
	}
	p, err := rs.fields(full, r, columns, 0)
	if err != nil {
		return nil, err
	}
	for i, null := range outer {
		if null != notInBytes {
			p[i] = p[i].intoBytes(null, columns[p[i].column].Nullable)
		}
	}
	return p, nil
}

// What may stand in place of the branch that is null.
const (
	neverNull  = -1 // bytes alone
	notInBytes = -2 // the field is what its schema says
)

// nullOrBytes is a nested field's type in a row, unless a schema says otherwise.
var nullOrBytes = hamba.MustParse(`["null","bytes"]`)

// unwrap gives the writer's schema with nested fields in full, and which branch
// of each such field's union in the row is null. What the reader lacks stays as
// it is in the row.
func (n nestedForm) unwrap(w, r *hamba.RecordSchema) (full *hamba.RecordSchema, outer []int, err error) {
	match := matchFields(w, r)
	fields := make([]*hamba.Field, len(w.Fields()))
	outer = make([]int, len(fields))
	for i, f := range w.Fields() {
		typ := f.Type()
		outer[i] = notInBytes
		switch null, bytes := bytesIn(typ); {
		case match[i] < 0 && isNested(typ):
			typ = nullOrBytes
		case isNested(typ):
			if outer[i] = 0; n == nullAsInField {
				outer[i] = max(0, nullIn(typ))
			}
		case match[i] >= 0 && bytes && isNested(r.Fields()[match[i]].Type()):
			outer[i], typ = null, r.Fields()[match[i]].Type()
		}
		if fields[i], err = hamba.NewField(f.Name(), typ); err != nil {
			return nil, nil, err
		}
	}
	full, err = hamba.NewRecordSchema(w.Name(), w.Namespace(), fields)
	return full, outer, err
}

// isNested reports whether a type is one that may stand in a row as bytes.
func isNested(schema hamba.Schema) bool {
	schema = actual(schema)
	if u, ok := schema.(*hamba.UnionSchema); ok {
		if !u.Nullable() {
			return true
		}
		_, typ := u.Indices()
		schema = actual(u.Types()[typ])
	}
	switch schema.Type() {
	case hamba.Array, hamba.Map, hamba.Record, hamba.Error:
		return true
	}
	return false
}

// nullIn is the branch that is null, or neverNull.
func nullIn(schema hamba.Schema) int {
	if u, ok := schema.(*hamba.UnionSchema); ok && u.Nullable() {
		null, _ := u.Indices()
		return null
	}
	return neverNull
}

// bytesIn reports whether a type is bytes, or a union of null and bytes, and
// then which branch is null.
func bytesIn(schema hamba.Schema) (null int, ok bool) {
	if null = nullIn(schema); null != neverNull {
		schema = schema.(*hamba.UnionSchema).Types()[1-null]
	}
	return null, schema.Type() == hamba.Bytes
}

// intoBytes has o read what stands in the row's bytes, or in a union of which
// branch null is null. Where the column can't be null, it has no place for that branch.
func (o op) intoBytes(null int, nullable bool) op {
	in := op{name: o.name, column: o.column, code: opInBytes, width: 1, other: &other{inBytes: &o}}
	switch {
	case null == neverNull:
		return in
	case nullable:
		in.nullable, in.null = true, int64(null)
		return in
	}
	branches := []op{in, in}
	branches[null] = op{code: opNoBranch}
	return op{name: o.name, column: o.column, code: opUnion, width: 1, other: &other{branches: branches}}
}
