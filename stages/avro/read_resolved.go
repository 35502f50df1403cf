package avro

import "github.com/tandemdata/tandem/pipeline/feature"

// resolved reads what only another schema's records need, as rare does.
func (o *op) resolved(c *cursor, to *feature.Column) bool {
	switch o.code {
	case opNull:
		to.AppendNull()
	case opFill:
		o.other.fill.appendTo(to)
	case opSkip:
		o.other.skip.skip(c, 0)
	case opNoBranch:
		c.fail(errForeignBranch)
	case opInBytes:
		o.readInBytes(c, to)
	case opUnion:
		if b := c.long(); uint64(b) < uint64(len(o.other.branches)) {
			o.other.branches[b].read(c, to)
		} else {
			c.fail(errBranch)
		}
	default:
		o.promote(c, to)
		return true
	}
	return false
}

// promote reads a number into a column of a wider type. A long may lose digits
// in a float or a double, as Avro allows.
func (o *op) promote(c *cursor, to *feature.Column) {
	switch o.code {
	case opIntAsLong:
		to.Int64s = append(to.Int64s, int64(c.int()))
	case opIntAsFloat:
		to.Float32s = append(to.Float32s, float32(c.int()))
	case opIntAsDouble:
		to.Float64s = append(to.Float64s, float64(c.int()))
	case opLongAsFloat:
		to.Float32s = append(to.Float32s, float32(c.long()))
	case opLongAsDouble:
		to.Float64s = append(to.Float64s, float64(c.long()))
	case opFloatAsDouble:
		to.Float64s = append(to.Float64s, float64(c.float()))
	case opIntAsTimeMicros: // no int reaches the end of the day
		v := c.int()
		if v < 0 {
			c.fail(errTimeOfDay)
		}
		to.Int64s = append(to.Int64s, int64(v))
	}
}
