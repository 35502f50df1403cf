package cassandra

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// UnmarshalCQL takes the bytes as they are; they belong to gocql's page.
func (w *wire) UnmarshalCQL(_ gocql.TypeInfo, data []byte) error {
	*w = data
	return nil
}

var errShort = errors.New("the value ends too early")

// decode reads what appendValue writes, as feature.Column.Value gives it; nil for a null.
func decode(f feature.Field, data []byte) (any, error) {
	if data == nil {
		return nil, nil
	}
	if want := width(f.Kind); want > 0 && len(data) != want {
		return nil, fmt.Errorf("%v: %d bytes", f, len(data))
	}
	switch f.Kind {
	case feature.Bool:
		return data[0] != 0, nil
	case feature.Int32:
		v := binary.BigEndian.Uint32(data)
		if f.Logical == feature.Date {
			v ^= 1 << 31
		}
		return int32(v), nil
	case feature.Int64:
		return int64(binary.BigEndian.Uint64(data)), nil
	case feature.Float32:
		return math.Float32frombits(binary.BigEndian.Uint32(data)), nil
	case feature.Float64:
		return math.Float64frombits(binary.BigEndian.Uint64(data)), nil
	case feature.String:
		return string(data), nil
	case feature.Bytes:
		return append([]byte{}, data...), nil
	}
	return decodeList(f, data)
}

// width is how long values of a kind are; 0 where that differs.
func width(k feature.Kind) int {
	switch k {
	case feature.Bool:
		return 1
	case feature.Int32, feature.Float32:
		return 4
	case feature.Int64, feature.Float64:
		return 8
	}
	return 0
}

func decodeList(f feature.Field, data []byte) (any, error) {
	if len(data) < 4 {
		return nil, fmt.Errorf("%v: %w", f, errShort)
	}
	n, data := binary.BigEndian.Uint32(data), data[4:]
	items := []any{}
	for range n {
		item, rest, err := cut(data)
		if err == nil && f.Elem().Nullable {
			item, _, err = cut(item)
		}
		if err != nil {
			return nil, fmt.Errorf("%v: %w", f, err)
		}
		v, err := decode(f.Elem(), item)
		if err != nil {
			return nil, err
		}
		items, data = append(items, v), rest
	}
	return items, nil
}

// cut takes a value off the front of data, behind its length: nil for a null.
func cut(data []byte) (value, rest []byte, err error) {
	if len(data) < 4 {
		return nil, nil, errShort
	}
	n, data := int32(binary.BigEndian.Uint32(data)), data[4:]
	if n < 0 {
		return nil, data, nil
	}
	if int(n) > len(data) {
		return nil, nil, errShort
	}
	return data[:n:n], data[n:], nil
}
