package rowgen

import (
	"bytes"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Timestamps, local ones and dates stay within the years 1 to 9999, and those
// in nanoseconds within what an int64 holds: what a calendar type of every
// store can mean. Times of day stay within the day. Strings are valid UTF-8.
var (
	firstDay = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDay  = time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
)

var (
	doubles = []float64{
		0, math.Copysign(0, -1), 1, -1.5, 0.1, math.Pi, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
		math.Inf(1), math.Inf(-1), 1 << 53, 1<<53 + 2, -1 << 63, 1e22, 1e23,
		math.NaN(), bits64(0x7ff8000000000000), bits64(0xfff8000000000000), bits64(0x7ff0000000000001),
		bits64(0x7ff4deadbeef0123), bits64(0xffffffffffffffff), bits64(1), bits64(0x000fffffffffffff),
	}
	floats = []float32{
		0, bits32(0x80000000), 1, -1.5, 0.1, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32,
		bits32(0x7f800000), bits32(0xff800000), bits32(0x7fc00000), bits32(0xffc00000), bits32(0x7f800001),
		bits32(0x7fa0beef), bits32(0xffffffff), bits32(0x007fffff), 16777216, 3.4e-38,
	}
	ints  = []int32{0, 1, -1, math.MaxInt32, math.MinInt32, math.MinInt32 + 1, 1 << 16}
	longs = []int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, 1<<53 + 1, -1<<53 - 1, math.MaxInt32 + 1}
	texts = []string{
		"", " ", "a", "null", "NaN", "-0", "NULL", `"quoted" 'twice' \ and/`, "line\nbreak\ttab\r\n", "nul\x00inside", "\x00",
		"grüße", "日本語", "👩‍👩‍👧‍👦", "é", "e\u0301", "\u2028\ufeff\uffff", "\U0010ffff", "123", "1e5", "0x00", "{}", "[]", "[null]",
		strings.Repeat("long ", 2000), strings.Repeat("ü", 3000),
	}
	blobs = [][]byte{
		{},
		{0},
		{0xff},
		{0, 0, 0, 0},
		{0xc3, 0x28},
		{0xff, 0xfe, 0xfd},
		[]byte("text"),
		{0x7f, 0xf8, 0, 0, 0, 0, 0, 0},
		{0x80, 0, 0, 0, 0, 0, 0, 0},
		make([]byte, 5000),
	}
)

func bits64(b uint64) float64 { return math.Float64frombits(b) }
func bits32(b uint32) float32 { return math.Float32frombits(b) }

// extreme is a value that a store may get wrong.
func (g *Gen) extreme(f feature.Field) any {
	switch f.Kind {
	case feature.Bool:
		return g.rand.IntN(2) == 0
	case feature.Int32, feature.Int64:
		return g.extremeInt(f)
	case feature.Float32:
		if g.rand.IntN(4) == 0 {
			return bits32(g.rand.Uint32())
		}
		return pick(g, floats)
	case feature.Float64:
		if g.rand.IntN(4) == 0 {
			return bits64(g.rand.Uint64())
		}
		return pick(g, doubles)
	case feature.String:
		return pick(g, texts)
	case feature.Bytes:
		return g.extremeBytes(f)
	}
	return g.nested(f, pick(g, []int{0, 0, 1, 2, 3, 7}), func(f feature.Field) any {
		if f.Nullable && g.rand.IntN(4) == 0 {
			return nil
		}
		return g.extreme(f)
	})
}

func (g *Gen) extremeBytes(f feature.Field) any {
	switch {
	case f.Logical == feature.Decimal:
		return g.extremeDecimal(f)
	case f.Size > 0:
		return pick(g, [][]byte{make([]byte, f.Size), bytes.Repeat([]byte{0xff}, f.Size), g.random(f.Size)})
	}
	return pick(g, blobs)
}

// extremeDecimal is zero, one, or next to the largest of either sign.
func (g *Gen) extremeDecimal(f feature.Field) any {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.Precision)), nil)
	x := pick(g, []*big.Int{new(big.Int), big.NewInt(1), limit.Sub(limit, big.NewInt(1)), new(big.Int).Div(limit, big.NewInt(3))})
	if g.rand.IntN(2) == 0 {
		x = new(big.Int).Neg(x)
	}
	return feature.AppendUnscaled(nil, x)
}

func (g *Gen) extremeInt(f feature.Field) any {
	if f.Kind == feature.Int32 && f.Logical == feature.Plain {
		return pick(g, ints)
	}
	if f.Logical == feature.Plain {
		return pick(g, longs)
	}
	lo, hi := logicalRange(f.Logical)
	v := pick(g, []int64{lo, hi, lo + 1, hi - 1, 0, max(lo, -1), 1, lo + g.rand.Int64N(hi/2)})
	if f.Kind == feature.Int32 {
		return int32(v)
	}
	return v
}

func logicalRange(l feature.Logical) (lo, hi int64) {
	switch l {
	case feature.Date:
		return firstDay.Unix() / 86400, lastDay.Unix() / 86400
	case feature.TimeMillis:
		return 0, 86_400_000 - 1
	case feature.TimeMicros:
		return 0, 86_400_000_000 - 1
	case feature.TimestampMillis, feature.LocalTimestampMillis:
		return firstDay.UnixMilli(), lastDay.UnixMilli()
	case feature.TimestampMicros, feature.LocalTimestampMicros:
		return firstDay.UnixMicro(), lastDay.UnixMicro()
	}
	return math.MinInt64, math.MaxInt64
}

func pick[T any](g *Gen, of []T) T { return of[g.rand.IntN(len(of))] }
