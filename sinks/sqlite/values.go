package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// value is row i of a column as the package doc says.
func (t *table) value(c *feature.Column, i int) driver.Value {
	if c.Null(i) {
		return nil
	}
	switch c.Field.Kind {
	case feature.Bool:
		return c.Bools[i]
	case feature.Int32:
		return int64(c.Int32s[i])
	case feature.Int64:
		return c.Int64s[i]
	case feature.Float32:
		return float32Value(c.Float32s[i])
	case feature.Float64:
		return float64Value(c.Float64s[i])
	case feature.String:
		return string(c.Slice(i))
	case feature.Bytes:
		if affinity(c.Field) == "TEXT" {
			return string(appendBytes(nil, c, i))
		}
		return c.Slice(i)
	}
	t.json = appendJSON(t.json[:0], c, i)
	return string(t.json)
}

func float64Value(v float64) driver.Value {
	if v != v || v == 0 && math.Signbit(v) {
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(v))
	}
	return v
}

// float32Value must not widen a NaN: that would change its bits.
func float32Value(v float32) driver.Value {
	if v != v || v == 0 && math.Signbit(float64(v)) {
		return binary.BigEndian.AppendUint32(nil, math.Float32bits(v))
	}
	return float64(v)
}

// decode is what value has made of a column, as feature.Column.Value gives it.
func decode(f feature.Field, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		switch f.Kind {
		case feature.Bool:
			return v != 0, nil
		case feature.Int32:
			return int32(v), nil
		case feature.Int64:
			return v, nil
		}
	case float64:
		switch f.Kind {
		case feature.Float32:
			return float32(v), nil
		case feature.Float64:
			return v, nil
		}
	case string:
		switch f.Kind {
		case feature.String:
			return v, nil
		case feature.Bytes:
			return parseBytes(f, v)
		case feature.List, feature.Map, feature.Struct:
			return parseJSON(f, v)
		}
	case []byte:
		switch {
		case affinity(f) == "BLOB":
			return v, nil
		case f.Kind == feature.Float32 && len(v) == 4:
			return math.Float32frombits(binary.BigEndian.Uint32(v)), nil
		case f.Kind == feature.Float64 && len(v) == 8:
			return math.Float64frombits(binary.BigEndian.Uint64(v)), nil
		}
	}
	return nil, fmt.Errorf("sqlite: column %v: a %T is not what was written", f, v)
}
