package feature

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
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

// cells is about how many bytes appendCell takes for all rows, and exactly that
// for a column without nulls, lists, maps and structs.
func (c *Column) cells() int {
	switch c.Field.Kind {
	case Bool:
		return 2 * c.Len()
	case Struct, List, Map:
		return c.Size()
	}
	return 9*c.Len() + len(c.Bytes)
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
	return binary.LittleEndian.AppendUint64(dst, v)
}

// AppendValue encodes what Column.Value gives so that two values are equal
// exactly when their bytes are: types told apart, floats to the bit, a nil
// []byte as an empty one, maps in whatever order.
func AppendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, 0)
	case bool:
		if v {
			return append(dst, 1, 1)
		}
		return append(dst, 1, 0)
	case int32:
		return append64(append(dst, 2), uint64(v))
	case int64:
		return append64(append(dst, 3), uint64(v))
	case float32:
		return append64(append(dst, 4), uint64(math.Float32bits(v)))
	case float64:
		return append64(append(dst, 5), math.Float64bits(v))
	case string:
		return append(append64(append(dst, 6), uint64(len(v))), v...)
	case []byte:
		return append(append64(append(dst, 7), uint64(len(v))), v...)
	case []any:
		dst = append64(append(dst, 8), uint64(len(v)))
		for _, item := range v {
			dst = AppendValue(dst, item)
		}
		return dst
	case map[string]any:
		dst = append64(append(dst, 9), uint64(len(v)))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			dst = AppendValue(AppendValue(dst, k), v[k])
		}
		return dst
	}
	return fmt.Appendf(append(dst, 10), "%T %v;", v, v) // no value of a column
}

// AppendValue encodes row i as AppendValue does what Value gives of it.
func (c *Column) AppendValue(dst []byte, i int) []byte {
	if c.Null(i) {
		return append(dst, 0)
	}
	switch c.Field.Kind {
	case Bool:
		return AppendValue(dst, c.Bools[i])
	case Int32:
		return append64(append(dst, 2), uint64(c.Int32s[i]))
	case Int64:
		return append64(append(dst, 3), uint64(c.Int64s[i]))
	case Float32:
		return append64(append(dst, 4), uint64(math.Float32bits(c.Float32s[i])))
	case Float64:
		return append64(append(dst, 5), math.Float64bits(c.Float64s[i]))
	case String:
		b := c.Slice(i)
		return append(append64(append(dst, 6), uint64(len(b))), b...)
	case Bytes:
		b := c.Slice(i)
		return append(append64(append(dst, 7), uint64(len(b))), b...)
	}
	return AppendValue(dst, c.Value(i))
}

// CutValue takes a value that AppendValue has encoded off the front of b. It
// reads what a key can be: no lists, maps or structs.
func CutValue(b []byte) (v any, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errCut
	}
	kind, b := b[0], b[1:]
	switch kind {
	case 0:
		return nil, b, nil
	case 1:
		if len(b) == 0 {
			return nil, nil, errCut
		}
		return b[0] != 0, b[1:], nil
	}
	if kind > 7 || len(b) < 8 {
		return nil, nil, errCut
	}
	n, b := binary.LittleEndian.Uint64(b), b[8:]
	switch kind {
	case 2:
		return int32(n), b, nil
	case 3:
		return int64(n), b, nil
	case 4:
		return math.Float32frombits(uint32(n)), b, nil
	case 5:
		return math.Float64frombits(n), b, nil
	}
	if n > uint64(len(b)) {
		return nil, nil, errCut
	}
	if kind == 6 {
		return string(b[:n]), b[n:], nil
	}
	return slices.Clone(b[:n]), b[n:], nil
}

var errCut = errors.New("not the encoding of a key's value")
