package avro

import (
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// ops read one record type, field by field, into columns.
type ops []op

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
	parts    ops      // the fields of a struct, or the one type of a list's items or a map's values
	other    *other   // only for what another schema wrote
}

// other is what few ops need. It is apart from op, which is walked for every
// field of every row.
type other struct {
	branches []op     // of a union
	skip     *skipper // of a field that only the writer has
	fill     *filler  // of a field that only the reader has
	inBytes  *op      // of bytes that are a body of their own
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
	opNull     // nothing is read, and null stands there
	opFill     // nothing is read, and the default stands there
	opSkip     // something is read, and no column takes it
	opUnion    // of any number of branches
	opNoBranch // a branch that the reader has no place for
	opInBytes  // bytes that are a body of their own
)

// run appends the one row that body holds. After an error columns may be of
// different lengths: the caller rolls them back.
func (p ops) run(c *cursor, body []byte, columns []feature.Column) error {
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
