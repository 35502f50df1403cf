package readers

import (
	"cmp"
	"slices"
	"strings"
)

// filter is a condition on one column, or on a field of a struct.
type filter struct {
	Column []string `json:"column,omitempty"`
	Type   string   `json:"type,omitempty"`
	Op     string   `json:"op,omitempty"` // eq, lt, gt, null or nan
	Value  any      `json:"value,omitempty"`
}

// takes reports whether a value, spelled, is one that the filter lets through.
// Engines differ in what a NaN is compared with a number: to some it is greater
// than all of them and equal to itself, to others (and to IEEE 754) neither.
func (f *filter) takes(v any, nanIsGreatest bool) bool {
	switch f.Op {
	case "":
		return true
	case "null":
		return v == nil
	case "nan":
		return v == "NaN"
	}
	if v == nil {
		return false
	}
	if (v == "NaN" || f.Value == "NaN") && (f.Type == "float" || f.Type == "double") && !nanIsGreatest {
		return false
	}
	order := compare(f.Type, v, f.Value)
	return order == map[string]int{"eq": 0, "lt": -1, "gt": 1}[f.Op]
}

// compare is the order of a type's values, NaN above all.
func compare(typ string, a, b any) int {
	if typ == "boolean" {
		return cmp.Compare(rank(a.(bool)), rank(b.(bool)))
	}
	x, y := a.(string), b.(string)
	if isText(typ) {
		return strings.Compare(x, y)
	}
	p, xNaN := number(typ, x)
	q, yNaN := number(typ, y)
	if xNaN || yNaN {
		return cmp.Compare(rank(xNaN), rank(yNaN))
	}
	return p.Cmp(q)
}

// isText says that the spelling of the type's values has their order.
func isText(typ string) bool {
	return slices.Contains([]string{"string", "binary", "uuid"}, typ) || strings.HasPrefix(typ, "fixed")
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}
