package avro

import (
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// read appends one value. After a failure it may append a zero, or nothing.
func (o *op) read(c *cursor, to *feature.Column) {
	if o.nullable {
		switch c.long() {
		case o.null:
			to.AppendNull()
			return
		case 1 - o.null:
		default:
			c.fail(errBranch)
			return
		}
	}
	switch o.code {
	case opBool:
		to.Bools = append(to.Bools, c.bool())
	case opInt:
		to.Int32s = append(to.Int32s, c.int())
	case opLong:
		to.Int64s = append(to.Int64s, c.long())
	case opFloat:
		to.Float32s = append(to.Float32s, c.float())
	case opDouble:
		to.Float64s = append(to.Float64s, c.double())
	case opString:
		n := c.length()
		if !appendText(to, c.data[c.at:], n) {
			c.fail(ErrUTF8)
			return
		}
		c.at += n
	case opBytes:
		to.Bytes = c.bytes(to.Bytes, c.length())
		to.Offsets = append(to.Offsets, uint32(len(to.Bytes)))
	default:
		if !o.rare(c, to) {
			return
		}
	}
	to.MarkValid()
}

// rare reads what isn't primitive, and reports whether a value was appended
// that is still to be marked as one.
func (o *op) rare(c *cursor, to *feature.Column) bool {
	switch o.code {
	case opTimeMillis:
		v := c.int()
		if v < 0 || v >= int32(24*time.Hour/time.Millisecond) {
			c.fail(errTimeOfDay)
		}
		to.Int32s = append(to.Int32s, v)
	case opTimeMicros:
		v := c.long()
		if v < 0 || v >= int64(24*time.Hour/time.Microsecond) {
			c.fail(errTimeOfDay)
		}
		to.Int64s = append(to.Int64s, v)
	case opFixed:
		to.Bytes = c.bytes(to.Bytes, o.size)
		to.Offsets = append(to.Offsets, uint32(len(to.Bytes)))
	case opEnum:
		o.symbol(c, to)
	case opUUID:
		readUUID(c, to)
	case opDecimal:
		readDecimal(c, to, c.length())
	case opFixedDecimal:
		readDecimal(c, to, o.size)
	case opList, opMap:
		o.blocks(c, to)
	case opStruct:
		o.fields(c, to)
	default:
		return o.resolved(c, to)
	}
	return true
}

func (o *op) symbol(c *cursor, to *feature.Column) {
	switch i := c.int(); {
	case uint(i) >= uint(len(o.symbols)):
		c.fail(errSymbol)
	case o.symbols[i] == "":
		c.fail(errForeignSymbol)
	default:
		to.Bytes = append(to.Bytes, o.symbols[i]...)
	}
	to.Offsets = append(to.Offsets, uint32(len(to.Bytes)))
}
