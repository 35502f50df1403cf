package avro

import (
	"encoding/binary"
	"math"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// plain reads fields up to the first that isn't of a common type or isn't as it
// should be, which is left to read, and says how many it has read. They are most
// fields of most rows, and where they are read stays in a register.
func (p ops) plain(c *cursor, columns []feature.Column) int {
	data, at := c.data, c.at
	for i := range p {
		o := &p[i]
		to, left := &columns[o.column], data[at:]
		if o.nullable {
			if len(left) == 0 || left[0] > 2 || left[0] == 1 {
				c.at = at
				return i
			}
			if int64(left[0]>>1) == o.null {
				to.AppendNull()
				at++
				continue
			}
			left = left[1:]
		}
		n := o.common(to, left)
		if n == 0 {
			c.at = at
			return i
		}
		to.MarkValid()
		at = len(data) - len(left) + n
	}
	c.at = at
	return len(p)
}

// common appends the value that data begins with, and says how many bytes that
// takes: none where it is for read to see what is there.
func (o *op) common(to *feature.Column, data []byte) int {
	switch o.code {
	case opLong:
		v, n := shortVarint(data)
		if n > 0 {
			to.Int64s = append(to.Int64s, unzigzag(v))
		}
		return n
	case opDouble:
		if len(data) < 8 {
			return 0
		}
		to.Float64s = append(to.Float64s, math.Float64frombits(binary.LittleEndian.Uint64(data)))
		return 8
	case opString:
		if len(data) == 0 || data[0]&0x81 != 0 {
			return 0
		}
		n := int(data[0] >> 1)
		if n >= len(data) || !appendText(to, data[1:], n) {
			return 0
		}
		return 1 + n
	}
	return 0
}

// shortVarint reads a number of at most eight bytes; n is 0 if it isn't that.
func shortVarint(data []byte) (v uint64, n int) {
	for n, b := range data[:min(8, len(data))] {
		v |= uint64(b&0x7f) << (7 * n)
		if b < 0x80 {
			return v, n + 1
		}
	}
	return 0, 0
}
