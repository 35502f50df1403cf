package avro

import (
	"math/bits"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// readDecimal reads the n bytes of a decimal.
func readDecimal(c *cursor, to *feature.Column, n int) {
	b := feature.TrimUnscaled(c.skip(n))
	if !fits(b, to.Field.Precision) {
		c.fail(errPrecision)
	}
	to.Bytes = append(to.Bytes, b...)
	to.Offsets = append(to.Offsets, uint32(len(to.Bytes)))
}

// powers are those of ten: what a number of so many digits is less than.
var powers = func() (p [feature.MaxPrecision + 1]struct{ hi, lo uint64 }) {
	p[0].lo = 1
	for i := 1; i < len(p); i++ {
		carry, lo := bits.Mul64(p[i-1].lo, 10)
		p[i].hi, p[i].lo = 10*p[i-1].hi+carry, lo
	}
	return p
}()

// fits reports whether trimmed bytes are a number of so many digits. As
// feature.Field.HoldsUnscaled, for every row.
func fits(b []byte, precision int) bool {
	if len(b) > 16 {
		return false
	}
	var hi, lo uint64
	negative := b[0] >= 0x80
	if negative {
		hi, lo = ^hi, ^lo
	}
	for _, x := range b {
		hi, lo = hi<<8|lo>>56, lo<<8|uint64(x)
	}
	if negative {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	limit := powers[precision]
	return hi < limit.hi || hi == limit.hi && lo < limit.lo
}
