package feature

import "slices"

// Column is the values of one field, row after row. Values are aligned with
// rows: a null has a zero in its place, and in the place of each of its fields
// where it is a Struct. Only the slice of the field's Kind is used; Offsets
// starts with 0 and has one entry more than there are rows.
type Column struct {
	Field Field
	Valid []bool // nil: no row is null

	Bools    []bool
	Int32s   []int32
	Int64s   []int64
	Float32s []float32
	Float64s []float64
	Bytes    []byte   // the arena of String and Bytes
	Offsets  []uint32 // ends of rows in Bytes, or in Children
	Children []Column // by Field.Children
}

// NewColumn makes an empty column.
func NewColumn(f Field) Column {
	c := Column{Field: f}
	switch f.Kind {
	case String, Bytes, List, Map:
		c.Offsets = []uint32{0}
	}
	if len(f.Children) > 0 {
		c.Children = make([]Column, len(f.Children))
		for i, child := range f.Children {
			c.Children[i] = NewColumn(child)
		}
	}
	return c
}

// Len is the number of rows.
func (c *Column) Len() int {
	switch c.Field.Kind {
	case Bool:
		return len(c.Bools)
	case Int32:
		return len(c.Int32s)
	case Int64:
		return len(c.Int64s)
	case Float32:
		return len(c.Float32s)
	case Float64:
		return len(c.Float64s)
	case Struct:
		return c.Children[0].Len()
	}
	return len(c.Offsets) - 1
}

// Null reports whether row i is null.
func (c *Column) Null(i int) bool { return c.Valid != nil && !c.Valid[i] }

// Slice is the bytes of row i of a String or Bytes column, valid as long as the column.
func (c *Column) Slice(i int) []byte { return c.Bytes[c.Offsets[i]:c.Offsets[i+1]:c.Offsets[i+1]] }

// Items is the range of row i of a List or a Map in its children.
func (c *Column) Items(i int) (from, to int) { return int(c.Offsets[i]), int(c.Offsets[i+1]) }

// Elem is the column of a List's items.
func (c *Column) Elem() *Column { return &c.Children[0] }

// Entries are the columns of a Map's keys and values.
func (c *Column) Entries() (keys, values *Column) { return &c.Children[0], &c.Children[1] }

// MarkValid says that the value just appended is not null.
func (c *Column) MarkValid() {
	if c.Valid != nil {
		c.Valid = append(c.Valid, true)
	}
}

// Close ends the row of a List or a Map whose items were appended to Children.
func (c *Column) Close() { c.Offsets = append(c.Offsets, uint32(c.Children[0].Len())) }

// AppendNull adds a null: a zero among the values and a false in Valid, which
// comes into being with the first null.
func (c *Column) AppendNull() {
	n := c.Len()
	switch c.Field.Kind {
	case Bool:
		c.Bools = append(c.Bools, false)
	case Int32:
		c.Int32s = append(c.Int32s, 0)
	case Int64:
		c.Int64s = append(c.Int64s, 0)
	case Float32:
		c.Float32s = append(c.Float32s, 0)
	case Float64:
		c.Float64s = append(c.Float64s, 0)
	case Struct:
		for i := range c.Children {
			c.Children[i].AppendNull()
		}
	default:
		c.Offsets = append(c.Offsets, c.Offsets[n])
	}
	if c.Valid == nil {
		c.Valid = make([]bool, n, max(2*n, 16))
		for i := range c.Valid {
			c.Valid[i] = true
		}
	}
	c.Valid = append(c.Valid, false)
}

// Truncate cuts the column back to n rows, however far the row after them got.
func (c *Column) Truncate(n int) {
	switch c.Field.Kind {
	case Bool:
		c.Bools = c.Bools[:n]
	case Int32:
		c.Int32s = c.Int32s[:n]
	case Int64:
		c.Int64s = c.Int64s[:n]
	case Float32:
		c.Float32s = c.Float32s[:n]
	case Float64:
		c.Float64s = c.Float64s[:n]
	case Struct:
		c.truncateChildren(n)
	default:
		c.Offsets = c.Offsets[:n+1]
		if c.Children == nil {
			c.Bytes = c.Bytes[:c.Offsets[n]]
		}
		c.truncateChildren(int(c.Offsets[n]))
	}
	if c.Valid != nil {
		c.Valid = c.Valid[:min(n, len(c.Valid))]
	}
}

func (c *Column) truncateChildren(n int) {
	for i := range c.Children {
		c.Children[i].Truncate(n)
	}
}

// Extend appends the rows of another column of the same field.
func (c *Column) Extend(o *Column) { c.ExtendRange(o, 0, o.Len()) }

// ExtendRange appends some rows of another column of the same field.
func (c *Column) ExtendRange(o *Column, from, to int) {
	c.extendValid(o, from, to)
	switch c.Field.Kind {
	case Bool:
		c.Bools = append(c.Bools, o.Bools[from:to]...)
	case Int32:
		c.Int32s = append(c.Int32s, o.Int32s[from:to]...)
	case Int64:
		c.Int64s = append(c.Int64s, o.Int64s[from:to]...)
	case Float32:
		c.Float32s = append(c.Float32s, o.Float32s[from:to]...)
	case Float64:
		c.Float64s = append(c.Float64s, o.Float64s[from:to]...)
	case Struct:
		for i := range c.Children {
			c.Children[i].ExtendRange(&o.Children[i], from, to)
		}
	default:
		c.extendVarying(o, from, to)
	}
}

func (c *Column) extendValid(o *Column, from, to int) {
	switch {
	case o.Valid != nil:
		c.Valid = append(appendValid(c.Valid, c.Len()), o.Valid[from:to]...)
	case c.Valid != nil:
		for range to - from {
			c.Valid = append(c.Valid, true)
		}
	}
}

// extendVarying appends rows of texts, lists or maps.
func (c *Column) extendVarying(o *Column, from, to int) {
	first, last := o.Offsets[from], o.Offsets[to]
	base := c.Offsets[len(c.Offsets)-1] - first // may wrap around, and back again
	for _, end := range o.Offsets[from+1 : to+1] {
		c.Offsets = append(c.Offsets, base+end)
	}
	if len(c.Children) == 0 {
		c.Bytes = append(c.Bytes, o.Bytes[first:last]...)
	}
	for i := range c.Children {
		c.Children[i].ExtendRange(&o.Children[i], int(first), int(last))
	}
}

// appendValid fills a validity up to n rows.
func appendValid(v []bool, n int) []bool {
	if v != nil {
		return v
	}
	return slices.Repeat([]bool{true}, n)
}

// Size is the memory that the values take, in bytes.
func (c *Column) Size() int {
	n := len(c.Valid) + len(c.Bools) + 4*len(c.Int32s) + 8*len(c.Int64s) + 4*len(c.Float32s) +
		8*len(c.Float64s) + len(c.Bytes) + 4*len(c.Offsets)
	for i := range c.Children {
		n += c.Children[i].Size()
	}
	return n
}
