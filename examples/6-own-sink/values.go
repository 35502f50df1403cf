package main

import (
	"encoding/gob"
	"maps"
	"math"
)

// gob writes no nil among values, and float32 by way of float64, which changes
// some NaNs. In the file null and bits stand for them.
type (
	null struct{}
	bits uint32
)

func init() {
	gob.Register(null{})
	gob.Register(bits(0))
	gob.Register([]any{})
	gob.Register(map[string]any{})
}

func (t *Table) packed() *Table {
	return t.each(func(v any) any {
		switch v := v.(type) {
		case nil:
			return null{}
		case float32:
			return bits(math.Float32bits(v))
		default:
			return v
		}
	})
}

func (t *Table) unpacked() *Table {
	return t.each(func(v any) any {
		switch v := v.(type) {
		case null:
			return nil
		case bits:
			return math.Float32frombits(uint32(v))
		default:
			return v
		}
	})
}

// each is the table with f applied to each value, however deep.
func (t *Table) each(f func(any) any) *Table {
	out := &Table{Shape: t.Shape, Rows: maps.Clone(t.Rows)}
	for key, row := range out.Rows {
		if row.Values != nil {
			row.Values = deep(row.Values, f).([]any)
			out.Rows[key] = row
		}
	}
	return out
}

func deep(v any, f func(any) any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = deep(v[i], f)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = deep(v[k], f)
		}
		return out
	}
	return f(v)
}
