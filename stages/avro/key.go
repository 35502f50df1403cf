package avro

import (
	"fmt"
	"slices"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Key is the schema of record keys, whose fields are the primary key's columns
// of a wider schema.
type Key struct {
	record *hamba.RecordSchema
	fields []feature.Field
	ops    ops
	to     []int // the columns of fields
}

// ParseKey compiles the schema of record keys: a record of the primary-key
// columns, which may have the event time too, or another type where the primary
// key is one column.
func ParseKey(s *feature.Schema, schema string) (*Key, error) {
	record, err := parseKeyRecord(s, schema)
	if err != nil {
		return nil, err
	}
	p, fields, err := compile(record)
	if err != nil {
		return nil, err
	}
	to := make([]int, len(fields))
	for i, f := range fields {
		column := s.Index(f.Name)
		if column < 0 || !s.IsKey(column) && column != s.Time() {
			return nil, fmt.Errorf("field %q is neither of the primary key nor the event time", f.Name)
		}
		want := s.Fields[column]
		if f.Nullable = want.Nullable; !f.Equal(want) {
			return nil, fmt.Errorf("field %v: the value has %v", f, want)
		}
		p[i].column, to[i] = column, column
	}
	for _, k := range s.Keys() {
		if !slices.Contains(to, k) {
			return nil, fmt.Errorf("primary-key column %q is missing", s.Fields[k].Name)
		}
	}
	return &Key{record: record, fields: fields, ops: p, to: to}, nil
}

// Columns are those that a key fills.
func (k *Key) Columns() []int { return slices.Clone(k.to) }

// Program reads keys that the schema itself wrote.
func (k *Key) Program() *Program { return &Program{ops: k.ops} }

// Resolve compiles the program for keys that another schema wrote. The error is
// ErrIncompatible.
func (k *Key) Resolve(w *Writer) (*Program, error) {
	written := w.schema
	if _, ok := written.(*hamba.RecordSchema); !ok && len(k.fields) == 1 {
		var err error
		if written, err = recordOf(k.fields[0].Name, written); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrIncompatible, err)
		}
	}
	p, err := newResolver(false, inFull).row(written, k.record, k.fields)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIncompatible, err)
	}
	for i := range p {
		p[i].column = k.to[p[i].column]
	}
	return &Program{ops: p}, nil
}

// parseKeyRecord takes another type as a record of the one key column.
func parseKeyRecord(s *feature.Schema, schema string) (*hamba.RecordSchema, error) {
	parsed, err := parse(schema)
	if err != nil {
		return nil, err
	}
	if record, ok := parsed.(*hamba.RecordSchema); ok {
		return record, nil
	}
	if len(s.Keys()) != 1 {
		return nil, fmt.Errorf("a %s can't hold the %d columns of the primary key", parsed.Type(), len(s.Keys()))
	}
	return recordOf(s.Fields[s.Keys()[0]].Name, parsed)
}

// recordOf is a record of one field, whose bytes are those of the field.
func recordOf(field string, schema hamba.Schema) (*hamba.RecordSchema, error) {
	f, err := hamba.NewField(field, schema)
	if err != nil {
		return nil, err
	}
	return hamba.NewRecordSchema("Key", "", []*hamba.Field{f})
}
