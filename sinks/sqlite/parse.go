package sqlite

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// parseJSON reads what appendJSON wrote.
func parseJSON(f feature.Field, text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("sqlite: column %v: %w", f, err)
	}
	out, err := valueOf(f, v)
	if err != nil {
		return nil, fmt.Errorf("sqlite: column %v: %w", f, err)
	}
	return out, nil
}

// valueOf is what feature.Column.Value gives for JSON of a field.
func valueOf(f feature.Field, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case bool:
		if f.Kind == feature.Bool {
			return v, nil
		}
	case json.Number:
		return numberOf(f, v.String())
	case string:
		switch f.Kind {
		case feature.String:
			return v, nil
		case feature.Bytes:
			return parseBytes(f, v)
		case feature.Float32, feature.Float64:
			return wordOf(f, v)
		}
	case []any:
		if f.Kind == feature.List {
			return listOf(f, v)
		}
	case map[string]any:
		switch f.Kind {
		case feature.Map:
			return mapOf(f, v)
		case feature.Struct:
			return structOf(f, v)
		}
	}
	return nil, fmt.Errorf("a %T can't be %v", v, f)
}

func listOf(f feature.Field, items []any) (any, error) {
	for i, item := range items {
		var err error
		if items[i], err = valueOf(f.Elem(), item); err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
	}
	return items, nil
}

func mapOf(f feature.Field, entries map[string]any) (any, error) {
	_, value := f.Entries()
	for k, v := range entries {
		var err error
		if entries[k], err = valueOf(value, v); err != nil {
			return nil, fmt.Errorf("entry %q: %w", k, err)
		}
	}
	return entries, nil
}

func structOf(f feature.Field, fields map[string]any) (any, error) {
	for _, child := range f.Children {
		v, ok := fields[child.Name]
		if !ok || len(fields) != len(f.Children) {
			return nil, fmt.Errorf("an object of %d fields can't be %v", len(fields), f)
		}
		var err error
		if fields[child.Name], err = valueOf(child, v); err != nil {
			return nil, fmt.Errorf("%s: %w", child.Name, err)
		}
	}
	return fields, nil
}

func numberOf(f feature.Field, s string) (any, error) {
	switch f.Kind {
	case feature.Int32:
		v, err := strconv.ParseInt(s, 10, 32)
		return int32(v), err
	case feature.Int64:
		return strconv.ParseInt(s, 10, 64)
	case feature.Float32:
		v, err := strconv.ParseFloat(s, 32)
		return float32(v), err
	case feature.Float64:
		return strconv.ParseFloat(s, 64)
	}
	return nil, fmt.Errorf("%s can't be %v", s, f)
}

// wordOf reads a float that JSON has no number for.
func wordOf(f feature.Field, s string) (any, error) {
	sign := 1
	if strings.HasPrefix(s, "-") {
		sign = -1
	}
	payload, nan := strings.CutPrefix(s, "NaN:")
	switch {
	case nan && f.Kind == feature.Float32:
		bits, err := strconv.ParseUint(payload, 16, 32)
		return math.Float32frombits(uint32(bits)), err
	case nan:
		bits, err := strconv.ParseUint(payload, 16, 64)
		return math.Float64frombits(bits), err
	case strings.TrimPrefix(s, "-") != "Infinity":
		return nil, fmt.Errorf("%q can't be %v", s, f)
	case f.Kind == feature.Float32:
		return float32(math.Inf(sign)), nil
	}
	return math.Inf(sign), nil
}
