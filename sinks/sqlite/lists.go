package sqlite

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// appendList writes row i of a List as a JSON array that parseList reads back
// to the bit.
func appendList(dst []byte, c *feature.Column, i int) []byte {
	from, to := c.Items(i)
	dst = append(dst, '[')
	for j := from; j < to; j++ {
		if j > from {
			dst = append(dst, ',')
		}
		dst = appendItem(dst, c.Elem(), j)
	}
	return append(dst, ']')
}

func appendItem(dst []byte, c *feature.Column, j int) []byte {
	if c.Null(j) {
		return append(dst, "null"...)
	}
	switch c.Field.Kind {
	case feature.Bool:
		return strconv.AppendBool(dst, c.Bools[j])
	case feature.Int32:
		return strconv.AppendInt(dst, int64(c.Int32s[j]), 10)
	case feature.Int64:
		return strconv.AppendInt(dst, c.Int64s[j], 10)
	case feature.Float32:
		v := c.Float32s[j]
		if v != v {
			return fmt.Appendf(dst, `"NaN:%08x"`, math.Float32bits(v))
		}
		return appendFloat(dst, float64(v), 32)
	case feature.Float64:
		v := c.Float64s[j]
		if v != v {
			return fmt.Appendf(dst, `"NaN:%016x"`, math.Float64bits(v))
		}
		return appendFloat(dst, v, 64)
	case feature.String:
		return appendText(dst, c.Slice(j))
	case feature.Bytes:
		dst = append(dst, `"0x`...)
		return append(hex.AppendEncode(dst, c.Slice(j)), '"')
	}
	return appendList(dst, c, j)
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
