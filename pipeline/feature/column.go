package feature

import (
	"fmt"
	"math"
	"slices"
)

// Column is the values of one field, row after row. Values are aligned with
// rows: a null has a zero in its place. Only the slice of the field's Kind is
// used; Offsets starts with 0 and has one entry more than there are rows.
type Column struct {
	Field Field
	Valid []bool // nil: no row is null

	Bools    []bool
	Int32s   []int32
	Int64s   []int64
	Float32s []float32
	Float64s []float64
	Bytes    []byte   // the arena of String and Bytes
	Offsets  []uint32 // ends of rows in Bytes or in Elem
	Elem     *Column  // of a List
}

// NewColumn makes an empty column.
func NewColumn(f Field) Column {
	c := Column{Field: f}
	switch f.Kind {
	case String, Bytes:
		c.Offsets = []uint32{0}
	case List:
		c.Offsets = []uint32{0}
		e := NewColumn(*f.Elem)
		c.Elem = &e
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
	}
	return len(c.Offsets) - 1
}

// Null reports whether row i is null.
func (c *Column) Null(i int) bool { return c.Valid != nil && !c.Valid[i] }

// Slice is the bytes of row i of a String or Bytes column, valid as long as the column.
func (c *Column) Slice(i int) []byte { return c.Bytes[c.Offsets[i]:c.Offsets[i+1]:c.Offsets[i+1]] }

// Items is the range of row i of a List in Elem.
func (c *Column) Items(i int) (from, to int) { return int(c.Offsets[i]), int(c.Offsets[i+1]) }

// Value is row i as nil, bool, int32, int64, float32, float64, string, []byte or []any.
func (c *Column) Value(i int) any {
	if c.Null(i) {
		return nil
	}
	switch c.Field.Kind {
	case Bool:
		return c.Bools[i]
	case Int32:
		return c.Int32s[i]
	case Int64:
		return c.Int64s[i]
	case Float32:
		return c.Float32s[i]
	case Float64:
		return c.Float64s[i]
	case String:
		return string(c.Slice(i))
	case Bytes:
		return slices.Clone(c.Slice(i))
	}
	from, to := c.Items(i)
	items := make([]any, 0, to-from)
	for j := from; j < to; j++ {
		items = append(items, c.Elem.Value(j))
	}
	return items
}

// Append adds what Value returns. It is for tests and for people; decoders
// append to the slices.
func (c *Column) Append(v any) error {
	if v == nil {
		c.AppendNull()
		return nil
	}
	n := c.Len()
	switch v := v.(type) {
	case bool:
		c.Bools = append(c.Bools, v)
	case int32:
		c.Int32s = append(c.Int32s, v)
	case int64:
		c.Int64s = append(c.Int64s, v)
	case float32:
		c.Float32s = append(c.Float32s, v)
	case float64:
		c.Float64s = append(c.Float64s, v)
	case string:
		c.Bytes = append(c.Bytes, v...)
		c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	case []byte:
		c.Bytes = append(c.Bytes, v...)
		c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	case []any:
		if c.Elem == nil {
			break
		}
		for _, e := range v {
			if err := c.Elem.Append(e); err != nil {
				c.Elem.Truncate(int(c.Offsets[n]))
				return err
			}
		}
		c.Offsets = append(c.Offsets, uint32(c.Elem.Len()))
	}
	if c.Len() != n+1 {
		return fmt.Errorf("column %v: can't hold a %T", c.Field, v)
	}
	c.MarkValid()
	return nil
}

// MarkValid says that the value just appended is not null.
func (c *Column) MarkValid() {
	if c.Valid != nil {
		c.Valid = append(c.Valid, true)
	}
}

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
	default:
		c.Offsets = c.Offsets[:n+1]
		if c.Elem != nil {
			c.Elem.Truncate(int(c.Offsets[n]))
		} else {
			c.Bytes = c.Bytes[:c.Offsets[n]]
		}
	}
	if c.Valid != nil {
		c.Valid = c.Valid[:min(n, len(c.Valid))]
	}
}

// Extend appends the rows of another column of the same field.
func (c *Column) Extend(o *Column) {
	n, m := c.Len(), o.Len()
	if c.Valid != nil || o.Valid != nil {
		c.Valid = appendValid(c.Valid, n)
		c.Valid = append(c.Valid, appendValid(o.Valid, m)...)
	}
	c.Bools = append(c.Bools, o.Bools...)
	c.Int32s = append(c.Int32s, o.Int32s...)
	c.Int64s = append(c.Int64s, o.Int64s...)
	c.Float32s = append(c.Float32s, o.Float32s...)
	c.Float64s = append(c.Float64s, o.Float64s...)
	if len(o.Offsets) > 0 {
		base := c.Offsets[n]
		for _, end := range o.Offsets[1:] {
			c.Offsets = append(c.Offsets, base+end)
		}
	}
	c.Bytes = append(c.Bytes, o.Bytes...)
	if c.Elem != nil {
		c.Elem.Extend(o.Elem)
	}
}

// appendValid fills a validity up to n rows.
func appendValid(v []bool, n int) []bool {
	if v != nil {
		return v
	}
	v = make([]bool, n)
	for i := range v {
		v[i] = true
	}
	return v
}

// Size is the memory that the values take, in bytes.
func (c *Column) Size() int {
	n := len(c.Valid) + len(c.Bools) + 4*len(c.Int32s) + 8*len(c.Int64s) + 4*len(c.Float32s) +
		8*len(c.Float64s) + len(c.Bytes) + 4*len(c.Offsets)
	if c.Elem != nil {
		n += c.Elem.Size()
	}
	return n
}

// appendCell encodes row i so that two cells of one column are equal exactly
// when their bytes are, floats to the bit.
func (c *Column) appendCell(dst []byte, i int) []byte {
	if c.Valid != nil {
		if !c.Valid[i] {
			return append(dst, 0)
		}
	}
	dst = append(dst, 1)
	switch c.Field.Kind {
	case Bool:
		if c.Bools[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case Int32:
		return append64(dst, uint64(c.Int32s[i]))
	case Int64:
		return append64(dst, uint64(c.Int64s[i]))
	case Float32:
		return append64(dst, uint64(math.Float32bits(c.Float32s[i])))
	case Float64:
		return append64(dst, math.Float64bits(c.Float64s[i]))
	case String, Bytes:
		b := c.Slice(i)
		return append(append64(dst, uint64(len(b))), b...)
	}
	from, to := c.Items(i)
	dst = append64(dst, uint64(to-from))
	for j := from; j < to; j++ {
		dst = c.Elem.appendCell(dst, j)
	}
	return dst
}

func append64(dst []byte, v uint64) []byte {
	return append(dst, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
}
