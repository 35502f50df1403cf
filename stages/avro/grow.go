package avro

import (
	"errors"
	"fmt"
	"slices"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Growing is s as the first of the schemas that Grow makes. It resolves no
// writer that adds a field to a nested record: a schema grows by whole columns.
func (s *Schema) Growing() *Schema {
	grows := *s
	grows.grows = true
	return &grows
}

// Grow gives the schema with a column for each field that a writer adds, which
// is s itself if it adds none. Columns come after those of s and can be null;
// the field must be nullable or have a default. A row whose writer lacks such a
// column has null there, never a default: so it is the same whether the schema
// had grown before. For the same reason it is the schema as it was parsed that
// says whether a field may be added.
func (s *Schema) Grow(w *Writer) (*Schema, error) {
	record, ok := w.schema.(*hamba.RecordSchema)
	if !ok {
		return s, nil // which doesn't resolve
	}
	var (
		added    []*hamba.Field
		columns  []feature.Field
		errs     []error
		declared = s.declared.schema.(*hamba.RecordSchema)
	)
	for i, j := range matchFields(record, declared) {
		f := record.Fields()[i]
		if j >= 0 || f.Type().Type() == hamba.Null {
			continue
		}
		field, column, err := addedField(declared, f, w.withDefault[f.Name()])
		if err != nil {
			errs = append(errs, fmt.Errorf("added field %q: %w", f.Name(), err))
		} else if !s.has(f.Name()) {
			added, columns = append(added, field), append(columns, column)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIncompatible, err)
	}
	if len(added) == 0 {
		return s, nil
	}
	return s.with(added, columns)
}

func (s *Schema) has(column string) bool {
	return slices.ContainsFunc(s.fields, func(f feature.Field) bool { return f.Name == column })
}

// addedField is the reader's field, and its column, that a writer's field becomes.
func addedField(declared *hamba.RecordSchema, f *hamba.Field, hasDefault bool) (*hamba.Field, feature.Field, error) {
	for _, r := range declared.Fields() {
		if slices.Contains(r.Aliases(), f.Name()) {
			return nil, feature.Field{}, fmt.Errorf("the name is an alias of %q, and so can't be a column's", r.Name())
		}
	}
	_, column, err := newCompiler().typ(f.Type())
	if err != nil {
		return nil, column, err
	}
	if !column.Nullable && !hasDefault {
		return nil, column, errors.New("it is neither nullable nor has it a default")
	}
	column.Name, column.Nullable = f.Name(), true
	typ := f.Type()
	if u, ok := typ.(*hamba.UnionSchema); ok {
		_, i := u.Indices()
		typ = u.Types()[i]
	}
	union, err := hamba.NewUnionSchema([]hamba.Schema{&hamba.NullSchema{}, typ})
	if err != nil {
		return nil, column, err
	}
	field, err := hamba.NewField(f.Name(), union, hamba.WithDefault(nil))
	return field, column, err
}

// with is s with more columns.
func (s *Schema) with(added []*hamba.Field, columns []feature.Field) (*Schema, error) {
	record, err := hamba.NewRecordSchema(s.record.Name(), s.record.Namespace(), slices.Concat(s.record.Fields(), added),
		hamba.WithAliases(s.record.Aliases()))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIncompatible, err)
	}
	next := *s
	next.record, next.fields, next.ops = record, slices.Concat(s.fields, columns), slices.Clone(s.ops)
	for i, f := range columns {
		next.ops = append(next.ops, op{name: f.Name, column: len(s.fields) + i, code: opNull})
	}
	return &next, nil
}
