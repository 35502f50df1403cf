package avro

import (
	"fmt"
	"slices"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Schema is a record schema whose fields are columns. It doesn't change and may
// be used by many goroutines.
type Schema struct {
	record   *hamba.RecordSchema
	fields   []feature.Field
	ops      ops     // read what declared wrote
	declared *Writer // the schema as it was parsed
	grows    bool
}

// Parse compiles a record schema, or reports every field that can't be a
// column. A field of type null is no column.
func Parse(schema string) (*Schema, error) {
	parsed, err := parse(schema)
	if err != nil {
		return nil, err
	}
	p, fields, err := compile(parsed)
	if err != nil {
		return nil, err
	}
	return &Schema{record: parsed.(*hamba.RecordSchema), fields: fields, ops: p, declared: &Writer{schema: parsed}}, nil
}

// Fields are the columns.
func (s *Schema) Fields() []feature.Field { return slices.Clone(s.fields) }

// Writer is the schema, as it was parsed, as one that wrote rows.
func (s *Schema) Writer() *Writer { return s.declared }

// Resolve compiles the program that reads what a writer wrote into the columns
// of s. Where a body may have one of several forms, it is read by the one that
// can; where several can, they must give the same row. The error is
// ErrIncompatible.
//
// A branch of the writer's union or a symbol of its enum that s lacks is an
// error of the rows that have it, not of the schema.
func (s *Schema) Resolve(forms ...*Writer) (*Program, error) {
	if len(forms) == 0 {
		return nil, fmt.Errorf("%w: there is no form to read", ErrIncompatible)
	}
	var list []ops
	for _, w := range forms {
		p, err := s.resolve(w)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return &Program{ops: list[0], others: list[1:]}, nil
}

func (s *Schema) resolve(w *Writer) (ops, error) {
	if w == s.declared {
		return s.ops, nil
	}
	p, err := newResolver(s.grows, w.nested).row(w.schema, s.record, s.fields)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIncompatible, err)
	}
	return p, nil
}
