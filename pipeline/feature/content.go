package feature

import (
	"bytes"
	"math"
	"slices"
)

// appendCell encodes row i so that two cells of one column are equal exactly
// when their bytes are: floats to the bit, maps in whatever order.
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
	case Struct:
		for k := range c.Children {
			dst = c.Children[k].appendCell(dst, i)
		}
		return dst
	}
	return c.appendItems(dst, i)
}

func (c *Column) appendItems(dst []byte, i int) []byte {
	from, to := c.Items(i)
	dst = append64(dst, uint64(to-from))
	if c.Field.Kind == List {
		for j := from; j < to; j++ {
			dst = c.Elem().appendCell(dst, j)
		}
		return dst
	}
	keys, values := c.Entries()
	for _, j := range c.SortedEntries(i) {
		dst = values.appendCell(keys.appendCell(dst, j), j)
	}
	return dst
}

// SortedEntries are the entries of row i of a Map, as indexes into its
// children, in the order of the keys' bytes.
func (c *Column) SortedEntries(i int) []int {
	from, to := c.Items(i)
	entries := make([]int, 0, to-from)
	for j := from; j < to; j++ {
		entries = append(entries, j)
	}
	keys, _ := c.Entries()
	slices.SortFunc(entries, func(a, b int) int { return bytes.Compare(keys.Slice(a), keys.Slice(b)) })
	return entries
}

func append64(dst []byte, v uint64) []byte {
	return append(dst, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
}
