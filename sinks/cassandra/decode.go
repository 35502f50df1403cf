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
	if want := width(f); want > 0 && len(data) != want {
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
		if f.Logical == feature.Decimal {
			return decodeDecimal(f, data)
		}
		return append([]byte{}, data...), nil
	case feature.List:
		return decodeList(f, data)
	case feature.Map:
		return decodeMap(f, data)
	}
	return decodeStruct(f, data)
}

// width is how long values of a field are; 0 where that differs.
func width(f feature.Field) int {
	switch f.Kind {
	case feature.Bool:
		return 1
	case feature.Int32, feature.Float32:
		return 4
	case feature.Int64, feature.Float64:
		return 8
	}
	return f.Size
}

func decodeDecimal(f feature.Field, data []byte) (any, error) {
	if len(data) < 5 {
		return nil, fmt.Errorf("%v: %w", f, errShort)
	}
	if scale := int32(binary.BigEndian.Uint32(data)); int(scale) != f.Scale {
		return nil, fmt.Errorf("%v: a value of scale %d", f, scale)
	}
	return append([]byte{}, feature.TrimUnscaled(data[4:])...), nil
}

func decodeList(f feature.Field, data []byte) (any, error) {
	n, data, err := cutCount(f, data)
	if err != nil {
		return nil, err
	}
	items := []any{}
	for range n {
		var item any
		if item, data, err = cutItem(f.Elem(), data); err != nil {
			return nil, fmt.Errorf("%v: %w", f, err)
		}
		items = append(items, item)
	}
	return items, nil
}

func decodeMap(f feature.Field, data []byte) (any, error) {
	n, data, err := cutCount(f, data)
	if err != nil {
		return nil, err
	}
	key, value := f.Entries()
	entries := map[string]any{}
	for range n {
		var k, v any
		if k, data, err = cutItem(key, data); err == nil {
			v, data, err = cutItem(value, data)
		}
		name, ok := k.(string)
		if err == nil && !ok {
			err = errors.New("a null key")
		}
		if err != nil {
			return nil, fmt.Errorf("%v: %w", f, err)
		}
		entries[name] = v
	}
	return entries, nil
}

// decodeStruct takes fields that the value ends before as null.
func decodeStruct(f feature.Field, data []byte) (any, error) {
	fields := make(map[string]any, len(f.Children))
	for _, c := range f.Children {
		var value []byte
		var err error
		if len(data) > 0 {
			if value, data, err = cut(data); err != nil {
				return nil, fmt.Errorf("%v: %w", f, err)
			}
		}
		if fields[c.Name], err = decode(c, value); err != nil {
			return nil, fmt.Errorf("%v: %w", f, err)
		}
	}
	return fields, nil
}

// cutCount takes the number of items off the front of a collection.
func cutCount(f feature.Field, data []byte) (n uint32, rest []byte, err error) {
	if len(data) < 4 {
		return 0, nil, fmt.Errorf("%v: %w", f, errShort)
	}
	return binary.BigEndian.Uint32(data), data[4:], nil
}

// cutItem takes an item off the front of a collection's items.
func cutItem(f feature.Field, data []byte) (v any, rest []byte, err error) {
	item, rest, err := cut(data)
	if err == nil && f.Nullable {
		item, _, err = cut(item)
	}
	if err != nil {
		return nil, nil, err
	}
	v, err = decode(f, item)
	return v, rest, err
}

// cut takes a value off the front of data, which its length precedes: nil for a null.
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
