package stages

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// program reads one record type, field by field, into columns.
type program []op

// op reads one field.
type op struct {
	name     string
	column   int
	code     code
	nullable bool
	null     int64    // the branch that is null
	size     int      // of a fixed, or the fewest bytes of an item or an entry
	width    int      // the fewest bytes that it takes
	symbols  []string // of an enum; where another schema wrote it, "" is one that the reader doesn't have
	parts    program  // the fields of a struct, or the one type of a list's items or a map's values
	other    *other   // of what another schema wrote
}

// other is apart from op, which is walked for every field of every row.
type other struct {
	branches []op     // of a union
	skip     *skipper // of a field that only the writer has
	fill     *filler  // of a field that only the reader has
	within   *op      // of bytes that are a body of their own
}

type code uint8

const (
	opBool code = iota
	opInt
	opLong
	opFloat
	opDouble
	opString
	opBytes
	opTimeMillis
	opTimeMicros
	opEnum
	opFixed
	opUUID
	opDecimal
	opFixedDecimal
	opList
	opMap
	opStruct

	// What only another schema's records need.
	opIntAsLong
	opIntAsFloat
	opIntAsDouble
	opLongAsFloat
	opLongAsDouble
	opFloatAsDouble
	opIntAsTimeMicros
	opNull    // nothing is read, and null stands there
	opFill    // nothing is read, and the default stands there
	opSkip    // something is read, and no column takes it
	opUnion   // of any number of branches
	opForeign // a branch that the reader can't take
	opWithin  // bytes that are a body of their own
)

// run appends the one row that body holds. After an error columns may be of
// different lengths: the caller rolls them back.
func (p program) run(c *cursor, body []byte, columns []feature.Column) error {
	c.reset(body)
	for i := range p {
		o := &p[i]
		o.read(c, &columns[o.column])
		if c.err != nil {
			return fmt.Errorf("field %q: %w", o.name, c.err)
		}
	}
	return c.end()
}

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
		from := len(to.Bytes)
		to.Bytes = c.bytes(to.Bytes, c.length())
		if b := to.Bytes[from:]; !ascii(b) && !utf8.Valid(b) {
			c.fail(errUTF8)
		}
		to.Offsets = append(to.Offsets, uint32(len(to.Bytes)))
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
		return o.foreign(c, to)
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

// ascii is the quick way to know that most strings are valid.
func ascii(b []byte) bool {
	var all uint64
	for ; len(b) >= 8; b = b[8:] {
		all |= binary.LittleEndian.Uint64(b)
	}
	for _, x := range b {
		all |= uint64(x)
	}
	return all&0x8080808080808080 == 0
}
