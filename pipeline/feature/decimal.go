package feature

import (
	"fmt"
	"math/big"
)

// Decimal is row i of a Decimal column.
func (c *Column) Decimal(i int) *big.Rat {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Field.Scale)), nil)
	return new(big.Rat).SetFrac(Unscaled(c.Slice(i)), scale)
}

// AppendDecimal adds a value to a Decimal column. One that has more digits than
// the column, or digits after those of the scale, is an error.
func (c *Column) AppendDecimal(r *big.Rat) error {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Field.Scale)), nil)
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt(scale))
	if !scaled.IsInt() || !c.Field.HoldsUnscaled(scaled.Num()) {
		return fmt.Errorf("column %v can't hold %v", c.Field, r.RatString())
	}
	c.Bytes = AppendUnscaled(c.Bytes, scaled.Num())
	c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	return nil
}

var digits38 = new(big.Int).Exp(big.NewInt(10), big.NewInt(MaxPrecision), nil)

// HoldsUnscaled reports whether a Decimal has digits enough for an integer.
func (f Field) HoldsUnscaled(x *big.Int) bool {
	limit := digits38
	if f.Precision < MaxPrecision {
		limit = new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.Precision)), nil)
	}
	return x.CmpAbs(limit) < 0
}

// Unscaled reads an integer in two's complement, big-endian. No bytes are zero.
func Unscaled(b []byte) *big.Int {
	x := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return x
}

// AppendUnscaled writes an integer in as few bytes of two's complement as hold it, at least one.
func AppendUnscaled(dst []byte, x *big.Int) []byte {
	if x.Sign() >= 0 {
		b := x.Bytes()
		if len(b) == 0 || b[0] >= 0x80 {
			dst = append(dst, 0)
		}
		return append(dst, b...)
	}
	// Of -x-1 the bits are those of x turned over.
	b := new(big.Int).Not(x).Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		dst = append(dst, 0xff)
	}
	for _, v := range b {
		dst = append(dst, ^v)
	}
	return dst
}

// TrimUnscaled leaves the fewest bytes of two's complement that mean the same:
// a decimal has one way of being kept, whatever wrote it.
func TrimUnscaled(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		b = b[1:]
	}
	if len(b) == 0 {
		return []byte{0}
	}
	return b
}
