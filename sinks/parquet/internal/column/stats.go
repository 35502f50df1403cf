package column

import (
	"bytes"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Bounds of a column chunk are what engines skip it by, so they must be in the
// order that the engines compare by. parquet-go compares decimals of more than
// maxLongDigits as unsigned bytes, leaves NaNs out without saying so, and keeps
// texts of any length. So what it can't know is counted here, and the bounds are
// mended before a footer is written.

// seen is what the encoder has written to a leaf of a row group.
type seen struct {
	nan         bool
	least, most []byte // of decimals: two's complement in the file's width
}

// Group is what was written to each leaf of a row group.
type Group []seen

// EndGroup gives what was written since the last one.
func (e *Encoder) EndGroup() Group {
	g := Group(e.seen)
	e.seen = make([]seen, len(g))
	return g
}

// decimal counts a decimal in the file's width.
func (s *seen) decimal(b []byte) {
	if s.least == nil || compareDecimals(b, s.least) < 0 {
		s.least = append(s.least[:0], b...)
	}
	if s.most == nil || compareDecimals(b, s.most) > 0 {
		s.most = append(s.most[:0], b...)
	}
}

// compareDecimals compares two's complement of one width.
func compareDecimals(a, b []byte) int {
	if x, y := a[0] >= 0x80, b[0] >= 0x80; x != y {
		if x {
			return -1
		}
		return 1
	}
	return bytes.Compare(a, b)
}

// floats counts numbers.
func floats[T float32 | float64](s *seen, list []T) {
	if !s.nan && slices.ContainsFunc(list, func(x T) bool { return x != x }) {
		s.nan = true
	}
}

// maxText is how much of a text is in a bound.
const maxText = 64

// Mend corrects the bounds of the column's chunks. Of a chunk whose bounds can't be
// right as the library has them, the index of its pages, which has the like, goes too.
func (c *Column) Mend(chunks []format.ColumnChunk, g Group) {
	for i := range c.leaves {
		l := &c.leaves[i]
		chunk := &chunks[l.index]
		if !l.mend(&chunk.MetaData.Statistics, &g[l.index]) {
			chunk.ColumnIndexOffset, chunk.ColumnIndexLength = 0, 0
		}
	}
}

// mend reports whether the pages' bounds may stay.
func (l *leaf) mend(s *format.Statistics, g *seen) bool {
	if s.MinValue == nil || s.MaxValue == nil {
		return true
	}
	switch f := l.field; f.Kind {
	case feature.Float32, feature.Float64:
		if g.nan {
			s.MinValue, s.MaxValue = nil, nil
			return false
		}
		signZero(s.MinValue, 0x80)
		signZero(s.MaxValue, 0)
	case feature.String:
		cutTexts(s)
	case feature.Bytes:
		switch {
		case f.Logical == feature.Decimal && f.Precision > maxLongDigits:
			s.MinValue, s.MaxValue = g.least, g.most
			return false
		case f.Logical == feature.UUID:
			// Some engines compare UUIDs as signed numbers, some can't at all.
			s.MinValue, s.MaxValue = nil, nil
			return false
		case f.Logical == feature.Plain:
			cutBytes(s)
		}
	}
	return true
}

// signZero gives a zero the sign by which a bound covers the zeros of both signs.
func signZero(b []byte, sign byte) {
	last := len(b) - 1
	if b[last]&0x7f == 0 && !slices.ContainsFunc(b[:last], func(x byte) bool { return x != 0 }) {
		b[last] = sign
	}
}
