package stages

import (
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// extent is how much a column holds.
type extent struct {
	rows, bytes int
	valid       bool // some may be null
	children    []extent
}

func extentOf(c *feature.Column) extent {
	e := extent{rows: c.Len(), bytes: len(c.Bytes), valid: c.Valid != nil}
	for i := range c.Children {
		e.children = append(e.children, extentOf(&c.Children[i]))
	}
	return e
}

// add grows e by another column's.
func (e *extent) add(o extent) {
	e.rows, e.bytes, e.valid = e.rows+o.rows, e.bytes+o.bytes, e.valid || o.valid
	if e.children == nil {
		e.children = make([]extent, len(o.children))
	}
	for i := range o.children {
		e.children[i].add(o.children[i])
	}
}

// scale is e at another number of rows, with an eighth to spare for what varies.
func (e extent) scale(rows, of int) extent {
	part := func(n int) int { return int(int64(n) * int64(rows) / int64(max(of, 1)) * 9 / 8) }
	s := extent{rows: part(e.rows), bytes: part(e.bytes), valid: e.valid}
	for _, c := range e.children {
		s.children = append(s.children, c.scale(rows, of))
	}
	return s
}

// reserve makes room in an empty column.
func reserve(c *feature.Column, e extent) {
	if e.valid {
		c.Valid = make([]bool, 0, e.rows)
	}
	switch c.Field.Kind {
	case feature.Bool:
		c.Bools = make([]bool, 0, e.rows)
	case feature.Int32:
		c.Int32s = make([]int32, 0, e.rows)
	case feature.Int64:
		c.Int64s = make([]int64, 0, e.rows)
	case feature.Float32:
		c.Float32s = make([]float32, 0, e.rows)
	case feature.Float64:
		c.Float64s = make([]float64, 0, e.rows)
	case feature.List, feature.Map:
		c.Offsets = slices.Grow(c.Offsets, e.rows)
	case feature.Struct:
	default:
		c.Offsets = slices.Grow(c.Offsets, e.rows)
		c.Bytes = make([]byte, 0, e.bytes)
	}
	for i := range e.children {
		reserve(&c.Children[i], e.children[i])
	}
}

// reserveRows makes room for n rows beside columns and records.
func reserveRows(r *feature.Rows, n int) {
	r.Ops = make([]feature.Op, 0, n)
	for s := range r.Outcomes {
		r.Outcomes[s] = make([]feature.Outcome, 0, n)
	}
}

// newRows makes a batch with the room that the last one would have needed.
func (d *decoder) newRows(in feature.Records) *feature.Rows {
	rows := feature.NewRows(d.schema, in.TopicPartition)
	reserveRows(rows, len(in.List))
	for i := range rows.Columns {
		if d.last != nil {
			reserve(&rows.Columns[i], d.last[i].scale(len(in.List), d.rows))
		}
	}
	return rows
}

// note remembers the size of a batch, if it says anything.
func (d *decoder) note(rows *feature.Rows) {
	if rows.Len() == 0 {
		return
	}
	if d.last == nil {
		d.last = make([]extent, len(rows.Columns))
	}
	for i := range rows.Columns {
		d.last[i] = extentOf(&rows.Columns[i])
	}
	d.rows = rows.Len()
}
