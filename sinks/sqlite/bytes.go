package sqlite

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// appendBytes writes row i of a Bytes column as text: a decimal with all digits
// of its scale, a UUID as people know it, other bytes as 0x….
func appendBytes(dst []byte, c *feature.Column, i int) []byte {
	b := c.Slice(i)
	switch c.Field.Logical {
	case feature.Decimal:
		return appendDecimal(dst, feature.Unscaled(b), c.Field.Scale)
	case feature.UUID:
		for k, n := range []int{4, 2, 2, 2, 6} {
			if k > 0 {
				dst = append(dst, '-')
			}
			dst, b = hex.AppendEncode(dst, b[:n]), b[n:]
		}
		return dst
	}
	return hex.AppendEncode(append(dst, "0x"...), b)
}

func appendDecimal(dst []byte, x *big.Int, scale int) []byte {
	if x.Sign() < 0 {
		dst = append(dst, '-')
	}
	digits := new(big.Int).Abs(x).String()
	if n := scale + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	point := len(digits) - scale
	dst = append(dst, digits[:point]...)
	if scale > 0 {
		dst = append(append(dst, '.'), digits[point:]...)
	}
	return dst
}

// parseBytes reads what appendBytes wrote.
func parseBytes(f feature.Field, text string) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, "0x")
	switch f.Logical {
	case feature.Decimal:
		return parseDecimal(f, text)
	case feature.UUID:
		digits, ok = strings.ReplaceAll(text, "-", ""), true
	}
	b, err := hex.DecodeString(digits)
	if !ok || err != nil || f.Size > 0 && len(b) != f.Size {
		return nil, fmt.Errorf("%.60q can't be %v", text, f)
	}
	return b, nil
}

func parseDecimal(f feature.Field, text string) ([]byte, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	x, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok || len(fraction) != f.Scale || !f.HoldsUnscaled(x) {
		return nil, fmt.Errorf("%.60q can't be %v", text, f)
	}
	return feature.AppendUnscaled(nil, x), nil
}
