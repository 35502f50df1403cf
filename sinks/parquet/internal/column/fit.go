package column

import (
	"math"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Fits reports whether a value can be stored exactly, with all that it has in it.
func Fits(src *feature.Column, i int) bool {
	if src.Null(i) {
		return true
	}
	from, to := i, i+1
	switch src.Field.Kind {
	case feature.Int64:
		return InLimits(src.Field, src.Int64s[i])
	case feature.List, feature.Map:
		from, to = src.Items(i)
	}
	for k := range src.Children {
		for j := from; j < to; j++ {
			if !Fits(&src.Children[k], j) {
				return false
			}
		}
	}
	return true
}

// Limits are the least and the greatest value that fits in the table's unit.
func Limits(f feature.Field) (least, most int64) {
	s := Scale(f)
	return math.MinInt64 / s, math.MaxInt64 / s
}

// InLimits reports whether a number fits.
func InLimits(f feature.Field, x int64) bool {
	least, most := Limits(f)
	return least <= x && x <= most
}

// MayNotFit reports whether a field has values in a unit that the table has not.
func MayNotFit(f feature.Field) bool {
	return f.Kind == feature.Int64 && Scale(f) != 1 || slices.ContainsFunc(f.Children, MayNotFit)
}
