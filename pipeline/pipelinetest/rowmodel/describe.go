package rowmodel

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Describe is a row in short: its key and its version.
func Describe(s *feature.Schema, row feature.Stored) string {
	return DescribeKey(s, row) + " " + describeVersion(row.Version)
}

// DescribeKey is a row's key, by name.
func DescribeKey(s *feature.Schema, row feature.Stored) string {
	var key []string
	for _, k := range s.Keys() {
		key = append(key, s.Fields[k].Name+"="+show(row.Values[k]))
	}
	return strings.Join(key, " ")
}

func describeVersion(v feature.Version) string {
	op := "upsert"
	if v.Delete {
		op = "delete"
	}
	return fmt.Sprintf("%s %d@%d of epoch %d, time %d", op, v.Partition, v.Offset, v.Epoch, v.Time)
}

// DescribeTwo names the versions and the columns in which two rows differ.
func DescribeTwo(s *feature.Schema, want, got feature.Stored) string {
	out := Describe(s, want)
	if want.Version != got.Version {
		out += "; the store has " + describeVersion(got.Version)
	}
	if want.RecordTime != got.RecordTime {
		out += fmt.Sprintf("; record's time: want %d, got %d", want.RecordTime, got.RecordTime)
	}
	if want.Only != got.Only {
		out += fmt.Sprintf("; for this store only: want %t, got %t", want.Only, got.Only)
	}
	for i, f := range s.Fields {
		if i >= len(got.Values) {
			return fmt.Sprintf("%s; the store gave %d values of %d", out, len(got.Values), len(s.Fields))
		}
		if !bytes.Equal(feature.AppendValue(nil, want.Values[i]), feature.AppendValue(nil, got.Values[i])) {
			out += fmt.Sprintf("; %v: want %s, got %s", f, show(want.Values[i]), show(got.Values[i]))
		}
	}
	return out
}

// show tells values apart that print alike.
func show(v any) string {
	switch v := v.(type) {
	case float64:
		return fmt.Sprintf("%v(%016x)", v, math.Float64bits(v))
	case float32:
		return fmt.Sprintf("%v(%08x)", v, math.Float32bits(v))
	case string:
		return fmt.Sprintf("%.80q", v)
	case []byte:
		return fmt.Sprintf("0x%.40x", v)
	case []any:
		items := make([]string, 0, len(v))
		for _, e := range v {
			items = append(items, show(e))
		}
		return "[" + strings.Join(items, " ") + "]"
	case map[string]any:
		entries := make([]string, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			entries = append(entries, fmt.Sprintf("%.40q:%s", k, show(v[k])))
		}
		return "{" + strings.Join(entries, " ") + "}"
	}
	return fmt.Sprintf("%v(%T)", v, v)
}
