package stages

import (
	"encoding/binary"
	"fmt"
	"math"
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
	for i := 0; i < len(p); i++ {
		if i += p[i:].plain(c, columns); i == len(p) {
			break
		}
		o := &p[i]
		o.read(c, &columns[o.column])
		if c.err != nil {
			return fmt.Errorf("field %q: %w", o.name, c.err)
		}
	}
	return c.end()
}

// plain reads fields up to the first that isn't of a common type or isn't as it
// should be, which is left to read, and says how many it has read. They are most
// fields of most rows, and where they are read stays in a register.
func (p program) plain(c *cursor, columns []feature.Column) int {
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
			c.fail(errUTF8)
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

// appendText appends the first n bytes of data, or nothing if they aren't UTF-8.
// Short ones go word by word, with up to seven bytes of what comes behind them,
// which stay beyond the end of the arena: a call would take longer.
func appendText(to *feature.Column, data []byte, n int) bool {
	from := len(to.Bytes)
	end, all := from+n, uint64(0)
	if n > 64 || n+8 > len(data) || end+8 > cap(to.Bytes) {
		if !ascii(data[:n]) && !utf8.Valid(data[:n]) {
			return false
		}
		to.Bytes = append(to.Bytes, data[:n]...)
		to.Offsets = append(to.Offsets, uint32(end))
		return true
	}
	room, i := to.Bytes[from:end+8], 0
	for ; i+8 <= n; i += 8 {
		v := binary.LittleEndian.Uint64(data[i:])
		all |= v
		binary.LittleEndian.PutUint64(room[i:], v)
	}
	v := binary.LittleEndian.Uint64(data[i:])
	all |= v & (1<<(8*(n-i)) - 1)
	if all&highs != 0 && !utf8.Valid(data[:n]) {
		return false
	}
	binary.LittleEndian.PutUint64(room[i:], v)
	to.Bytes = to.Bytes[:end]
	to.Offsets = append(to.Offsets, uint32(end))
	return true
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
	return all&highs == 0
}
