package feature

import "slices"

// With is the schema with more columns, behind those that it has.
func (s *Schema) With(fields ...Field) (*Schema, error) {
	return NewSchema(s.Group, slices.Concat(s.Fields, fields))
}

// As is the batch in a schema that With has made of its own: what it lacks is
// null. Fates and columns are shared with r.
func (r *Rows) As(s *Schema) *Rows {
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
