package sqlite

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// decode reads what values.add has made of a column, as feature.Column.Value gives it.
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
