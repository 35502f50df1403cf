package insync

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// digest stands for the row's key, whose bytes it leaves in buf.
func (c *comparison) digest(row feature.Stored) feature.Digest {
	c.buf = c.buf[:0]
	for _, k := range c.schema.Keys() {
		c.buf = appendValue(c.buf, row.Values[k])
	}
	return feature.DigestOf(c.buf)
}

func (c *comparison) content(row feature.Stored) []byte {
	c.buf = c.buf[:0]
	for _, v := range row.Values {
		c.buf = appendValue(c.buf, v)
	}
	return c.buf
}

// appendValue encodes a value so that two are equal exactly when their bytes
// are: types told apart, floats by their bits, a nil []byte as an empty one.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, 0)
	case bool:
		if v {
			return append(b, 1, 1)
		}
		return append(b, 1, 0)
	case int32:
		return binary.BigEndian.AppendUint32(append(b, 2), uint32(v))
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 3), uint64(v))
	case float32:
		return binary.BigEndian.AppendUint32(append(b, 4), math.Float32bits(v))
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 5), math.Float64bits(v))
	case string:
		return append(appendLen(append(b, 6), len(v)), v...)
	case []byte:
		return append(appendLen(append(b, 7), len(v)), v...)
	case []any:
		b = appendLen(append(b, 8), len(v))
		for _, e := range v {
			b = appendValue(b, e)
		}
		return b
	}
	panic(fmt.Sprintf("insync: a store gave a %T, which feature.Column.Value never does", v))
}

func appendLen(b []byte, n int) []byte { return binary.BigEndian.AppendUint32(b, uint32(n)) }
