package sqlite

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// appendJSON writes row i of a column as parseJSON reads it back, to the bit.
func appendJSON(dst []byte, c *feature.Column, i int) []byte {
	if c.Null(i) {
		return append(dst, "null"...)
	}
	switch c.Field.Kind {
	case feature.Bool:
		return strconv.AppendBool(dst, c.Bools[i])
	case feature.Int32:
		return strconv.AppendInt(dst, int64(c.Int32s[i]), 10)
	case feature.Int64:
		return strconv.AppendInt(dst, c.Int64s[i], 10)
	case feature.Float32:
		v := c.Float32s[i]
		if v != v {
			return fmt.Appendf(dst, `"NaN:%08x"`, math.Float32bits(v))
		}
		return appendFloat(dst, float64(v), 32)
	case feature.Float64:
		v := c.Float64s[i]
		if v != v {
			return fmt.Appendf(dst, `"NaN:%016x"`, math.Float64bits(v))
		}
		return appendFloat(dst, v, 64)
	case feature.String:
		return appendText(dst, c.Slice(i))
	case feature.Bytes:
		return append(appendBytes(append(dst, '"'), c, i), '"')
	case feature.Struct:
		return appendStruct(dst, c, i)
	case feature.Map:
		return appendMap(dst, c, i)
	}
	return appendList(dst, c, i)
}

func appendList(dst []byte, c *feature.Column, i int) []byte {
	from, to := c.Items(i)
	dst = append(dst, '[')
	for j := from; j < to; j++ {
		if j > from {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, c.Elem(), j)
	}
	return append(dst, ']')
}

func appendStruct(dst []byte, c *feature.Column, i int) []byte {
	dst = append(dst, '{')
	for k := range c.Children {
		if k > 0 {
			dst = append(dst, ',')
		}
		child := &c.Children[k]
		dst = append(append(append(dst, '"'), child.Field.Name...), `":`...)
		dst = appendJSON(dst, child, i)
	}
	return append(dst, '}')
}

func appendMap(dst []byte, c *feature.Column, i int) []byte {
	keys, values := c.Entries()
	dst = append(dst, '{')
	for n, j := range c.SortedEntries(i) {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, keys.Slice(j)), ':')
		dst = appendJSON(dst, values, j)
	}
	return append(dst, '}')
}

// appendFloat writes the shortest number that reads back as v. Negative zero is
// -0.0: without the point some readers take it for an integer.
func appendFloat(dst []byte, v float64, bits int) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Infinity"`...)
	}
	n := len(dst)
	dst = strconv.AppendFloat(dst, v, 'g', -1, bits)
	for _, c := range dst[n:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// appendText escapes what JSON demands and nothing else.
func appendText(dst, s []byte) []byte {
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = fmt.Appendf(dst, `\u%04x`, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
