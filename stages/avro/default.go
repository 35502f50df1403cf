package avro

import (
	"fmt"
	"math"
	"reflect"
	"time"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// defaultOf is a default as a column's value. The parser has checked its type,
// and that of a union against the first branch.
func defaultOf(schema hamba.Schema, f feature.Field, v any) (any, error) {
	schema = actual(schema)
	if u, ok := schema.(*hamba.UnionSchema); ok {
		schema = actual(u.Types()[0])
	}
	switch s := schema.(type) {
	case *hamba.NullSchema:
		return nil, nil
	case *hamba.FixedSchema:
		b := make([]byte, s.Size())
		reflect.Copy(reflect.ValueOf(b), reflect.ValueOf(v))
		return defaultBytes(f, b)
	case *hamba.ArraySchema:
		return defaultList(s, f.Elem(), v.([]any))
	case *hamba.MapSchema:
		return defaultMap(s, f, v.(map[string]any))
	case *hamba.RecordSchema:
		return defaultStruct(s, f, v.(map[string]any))
	}
	switch v := v.(type) {
	case []byte:
		return defaultBytes(f, v)
	case string:
		return defaultText(f, v)
	}
	return defaultNumber(schema.Type(), f, v)
}

func defaultBytes(f feature.Field, b []byte) (any, error) {
	if f.Logical != feature.Decimal {
		return b, nil
	}
	b = feature.TrimUnscaled(b)
	if !fits(b, f.Precision) {
		return nil, fmt.Errorf("%x: %w", b, errPrecision)
	}
	return b, nil
}

func defaultText(f feature.Field, text string) (any, error) {
	if f.Logical != feature.UUID {
		return text, nil
	}
	id, ok := parseUUID([]byte(text))
	if !ok {
		return nil, fmt.Errorf("%.40q: %w", text, errUUID)
	}
	return id[:], nil
}

func defaultList(s *hamba.ArraySchema, f feature.Field, list []any) (any, error) {
	out := make([]any, len(list))
	for i := range list {
		v, err := defaultOf(s.Items(), f, list[i])
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func defaultMap(s *hamba.MapSchema, f feature.Field, m map[string]any) (any, error) {
	_, value := f.Entries()
	out := make(map[string]any, len(m))
	for k := range m {
		v, err := defaultOf(s.Values(), value, m[k])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", k, err)
		}
		out[k] = v
	}
	return out, nil
}

func defaultStruct(s *hamba.RecordSchema, f feature.Field, m map[string]any) (any, error) {
	out, to := make(map[string]any, len(m)), columnsOf(s)
	for i, field := range s.Fields() {
		if to[i] < 0 {
			continue
		}
		v, err := defaultOf(field.Type(), f.Children[to[i]], m[field.Name()])
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", field.Name(), err)
		}
		out[field.Name()] = v
	}
	return out, nil
}

// defaultNumber gives an int as a column has it, and refuses what the type can't hold.
func defaultNumber(t hamba.Type, f feature.Field, v any) (any, error) {
	switch n := v.(type) {
	case int:
		if n == int(int32(n)) && inDay(f.Logical, int64(n)) {
			return int32(n), nil
		}
	case int64:
		// The parser reads numbers as doubles, of which only these are exact.
		if n <= 1<<53 && n >= -1<<53 && inDay(f.Logical, n) {
			return n, nil
		}
	case float32:
		if !math.IsInf(float64(n), 0) {
			return n, nil
		}
	default: // a boolean or a double
		return v, nil
	}
	return nil, fmt.Errorf("%v is out of range of %s", v, t)
}

// inDay holds a default to what is asked of a time of day that was written.
func inDay(l feature.Logical, v int64) bool {
	switch l {
	case feature.TimeMillis:
		return v >= 0 && v < int64(24*time.Hour/time.Millisecond)
	case feature.TimeMicros:
		return v >= 0 && v < int64(24*time.Hour/time.Microsecond)
	}
	return true
}
