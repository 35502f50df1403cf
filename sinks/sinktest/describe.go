package sinktest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// differences tells, for people, where a store differs from what it must hold.
func differences(s *feature.Schema, want, got map[string]feature.Stored) []string {
	var out []string
	for id, w := range want {
		g, ok := got[id]
		if !ok {
			out = append(out, "missing: "+describe(s, w))
		} else if !same(w, g) {
			out = append(out, describeTwo(s, w, g))
		}
	}
	for id, g := range got {
		if _, ok := want[id]; !ok {
			out = append(out, "should not be there: "+describe(s, g))
		}
	}
	return out
}

// report fails the test with the first few differences.
func report(t testing.TB, what string, diffs []string) {
	t.Helper()
	if len(diffs) == 0 {
		return
	}
	const most = 5
	more := ""
	if n := len(diffs) - most; n > 0 {
		diffs, more = diffs[:most], fmt.Sprintf("\n\t… and %d more", n)
	}
	t.Errorf("%s:\n\t%s%s", what, strings.Join(diffs, "\n\t"), more)
}

// describe is a row in short: its key and its version.
func describe(s *feature.Schema, row feature.Stored) string {
	var key []string
	for _, k := range s.Keys() {
		key = append(key, s.Fields[k].Name+"="+show(row.Values[k]))
	}
	return strings.Join(key, " ") + " " + describeVersion(row.Version)
}

func describeVersion(v feature.Version) string {
	op := "upsert"
	if v.Delete {
		op = "delete"
	}
	return fmt.Sprintf("%s %d@%d of epoch %d, time %d", op, v.Partition, v.Offset, v.Epoch, v.Time)
}

// describeTwo names the versions and the columns in which two rows differ.
func describeTwo(s *feature.Schema, want, got feature.Stored) string {
	out := describe(s, want)
	if want.Version != got.Version {
		out += "; the store has " + describeVersion(got.Version)
	}
	for i, f := range s.Fields {
		if i >= len(got.Values) {
			return fmt.Sprintf("%s; the store gave %d values of %d", out, len(got.Values), len(s.Fields))
		}
		if string(feature.AppendValue(nil, want.Values[i])) != string(feature.AppendValue(nil, got.Values[i])) {
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
