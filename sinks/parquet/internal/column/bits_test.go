package column

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// bits tells values of other types or bits apart.
func bits(v any) string {
	switch v := v.(type) {
	case float32:
		return fmt.Sprintf("f%08x", math.Float32bits(v))
	case float64:
		return fmt.Sprintf("d%016x", math.Float64bits(v))
	case map[string]any:
		s := "{"
		for _, k := range slices.Sorted(maps.Keys(v)) {
			s += fmt.Sprintf("%q: %s ", k, bits(v[k]))
		}
		return s + "}"
	case []any:
		s := "["
		for _, e := range v {
			s += bits(e) + " "
		}
		return s + "]"
	}
	return fmt.Sprintf("%T(%v)", v, v)
}
