package column

import (
	"encoding/binary"
	"math/big"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// By Iceberg's rule a decimal is kept in the smallest integer that holds all its
// digits, and else in the fewest bytes that do.
const (
	maxIntDigits  = 9
	maxLongDigits = 18
)

func decimalType(f feature.Field) pq.Type {
	switch {
	case f.Precision <= maxIntDigits:
		return pq.Int32Type
	case f.Precision <= maxLongDigits:
		return pq.Int64Type
	}
	return pq.FixedLenByteArrayType(decimalBytes[f.Precision])
}

// decimalBytes is how many bytes of two's complement hold that many digits.
var decimalBytes = func() (n [feature.MaxPrecision + 1]int) {
	for precision := range n {
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
		n[precision] = limit.BitLen()/8 + 1
	}
	return n
}()

// holdsDecimal reports whether a column has digits enough for a value, which no
// decoder lets pass otherwise.
func holdsDecimal(f feature.Field, b []byte) bool {
	if f.Precision > maxLongDigits {
		return len(b) < decimalBytes[f.Precision] || f.HoldsUnscaled(feature.Unscaled(b))
	}
	x := longOf(b)
	return len(b) <= 8 && x < powersOfTen[f.Precision] && -x < powersOfTen[f.Precision]
}

var powersOfTen = func() (p [maxLongDigits + 1]int64) {
	p[0] = 1
	for i := range maxLongDigits {
		p[i+1] = 10 * p[i]
	}
	return p
}()

// longOf reads two's complement of up to 8 bytes, big-endian.
func longOf(b []byte) int64 {
	x := int64(0)
	if len(b) > 0 {
		x = int64(int8(b[0])) >> 7
	}
	for _, c := range b {
		x = x<<8 | int64(c)
	}
	return x
}

// appendPadded makes two's complement n bytes wide.
func appendPadded(dst, b []byte, n int) []byte {
	sign := byte(0)
	if len(b) > 0 && b[0] >= 0x80 {
		sign = 0xff
	}
	for range n - len(b) {
		dst = append(dst, sign)
	}
	return append(dst, b...)
}

// unscaled is a decimal as a Column holds it; b is where it may lie.
func unscaled(b *[8]byte, v pq.Value) []byte {
	switch v.Kind() {
	case pq.Int32:
		binary.BigEndian.PutUint64(b[:], uint64(int64(v.Int32())))
	case pq.Int64:
		binary.BigEndian.PutUint64(b[:], uint64(v.Int64()))
	default:
		return feature.TrimUnscaled(v.ByteArray())
	}
	return feature.TrimUnscaled(b[:])
}
