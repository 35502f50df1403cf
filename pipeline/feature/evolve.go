package feature

import (
	"fmt"
	"slices"
)

// WithColumns is the schema with more columns, after those that it has.
func (s *Schema) WithColumns(fields ...Field) (*Schema, error) {
	return NewSchema(s.Group, slices.Concat(s.Fields, fields))
}

// Widen is the batch in a schema that WithColumns has made of its own: what it lacks is
// null. Outcomes and columns are shared with r.
func (r *Rows) Widen(s *Schema) *Rows {
	if len(r.Columns) >= len(s.Fields) {
		return r
	}
	w := *r
	w.Schema, w.Columns = s, slices.Clone(r.Columns)
	for _, f := range s.Fields[len(r.Columns):] {
		c := NewColumn(f)
		for range r.Len() {
			c.AppendNull()
		}
		w.Columns = append(w.Columns, c)
	}
	return &w
}

// Extends reports how s differs from a schema that WithColumns may have made it
// of: in its group's table, or in one of the columns that both have.
func (s *Schema) Extends(of *Schema) error {
	if of == nil {
		return nil
	}
	if a, b := s.Group.Table(), of.Group.Table(); a != b {
		return fmt.Errorf("of feature group %q, not %q", a, b)
	}
	if len(s.Fields) < len(of.Fields) {
		return fmt.Errorf("%d columns, not %d", len(s.Fields), len(of.Fields))
	}
	for i, f := range of.Fields {
		if !s.Fields[i].Equal(f) {
			return fmt.Errorf("column %v in place of %v", s.Fields[i], f)
		}
	}
	return nil
}
