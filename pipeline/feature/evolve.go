package feature

import "slices"

// WithColumns is the schema with more columns, behind those that it has.
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
