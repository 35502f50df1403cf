package feature_test

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func decimal(precision, scale int) feature.Field {
	return feature.Field{Name: "d", Kind: feature.Bytes, Logical: feature.Decimal, Precision: precision, Scale: scale}
}

func rat(t *testing.T, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

func TestADecimalIsExactOrRefused(t *testing.T) {
	nines := strings.Repeat("9", 38)
	for _, c := range []struct {
		f     feature.Field
		value string
		fits  bool
	}{
		{decimal(1, 0), "9", true},
		{decimal(1, 0), "-9", true},
		{decimal(1, 0), "10", false},
		{decimal(1, 1), "0.9", true},
		{decimal(1, 1), "1", false},
		{decimal(1, 1), "0.05", false},
		{decimal(9, 2), "-9999999.99", true},
		{decimal(9, 2), "9999999.999", false},
		{decimal(9, 2), "10000000", false},
		{decimal(9, 2), "1/3", false},
		{decimal(38, 0), nines, true},
		{decimal(38, 0), "-" + nines, true},
		{decimal(38, 0), "1" + strings.Repeat("0", 38), false},
		{decimal(38, 38), "-0." + nines, true},
		{decimal(38, 38), "1e-38", true},
		{decimal(38, 38), "1e-39", false},
	} {
		column := feature.NewColumn(c.f)
		err := column.AppendDecimal(rat(t, c.value))
		switch {
		case c.fits != (err == nil):
			t.Errorf("%v of %s: %v", c.f, c.value, err)
		case err != nil:
			if column.Len() != 0 || !strings.Contains(err.Error(), c.f.String()) {
				t.Errorf("%v left %d rows", err, column.Len())
			}
		case column.Decimal(0).Cmp(rat(t, c.value)) != 0:
			t.Errorf("%v of %s became %v", c.f, c.value, column.Decimal(0))
		}
	}
}

func TestAnIntegerHasOneWayOfBeingWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xfe, 0xff}), 0, 20).Draw(t, "bytes")
		x := feature.Unscaled(raw)
		least := feature.AppendUnscaled(nil, x)
		if !bytes.Equal(least, feature.TrimUnscaled(raw)) {
			t.Fatalf("%x is %v: written as %x, trimmed to %x", raw, x, least, feature.TrimUnscaled(raw))
		}
		if feature.Unscaled(least).Cmp(x) != 0 {
			t.Fatalf("%v is read again as %v", x, feature.Unscaled(least))
		}
		if n := len(least); n > 1 && feature.Unscaled(least[1:]).Cmp(x) == 0 {
			t.Fatalf("%v in %x has a byte too many", x, least)
		}
	})
}
