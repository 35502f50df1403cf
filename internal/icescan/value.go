package icescan

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// value is what feature.Column.Value gives for what an Arrow array has in row i.
func value(a arrow.Array, i int, f feature.Field) (any, error) {
	if a.IsNull(i) {
		return nil, nil
	}
	switch a := a.(type) {
	case *array.Boolean:
		return a.Value(i), nil
	case *array.Int32:
		return a.Value(i), nil
	case *array.Int64:
		return a.Value(i), nil
	case *array.Float32:
		return a.Value(i), nil
	case *array.Float64:
		return a.Value(i), nil
	case *array.Date32:
		return int32(a.Value(i)), nil
	case *array.Time64:
		if f.Kind == feature.Int32 {
			return int32(int64(a.Value(i)) / perUnit(f)), nil
		}
		return int64(a.Value(i)) / perUnit(f), nil
	case *array.Timestamp:
		return int64(a.Value(i)) / perUnit(f), nil
	case *array.Decimal128:
		return feature.AppendUnscaled(nil, a.Value(i).BigInt()), nil
	case *extensions.UUIDArray:
		u := a.Value(i)
		return u[:], nil
	}
	return textOrNested(a, i, f)
}

// perUnit is how many microseconds, which Arrow has, a column's own unit has.
func perUnit(f feature.Field) int64 {
	switch f.Logical {
	case feature.TimeMillis, feature.TimestampMillis, feature.LocalTimestampMillis:
		return 1000
	}
	return 1
}

func textOrNested(a arrow.Array, i int, f feature.Field) (any, error) {
	switch a := a.(type) {
	case *array.String:
		return string([]byte(a.Value(i))), nil
	case *array.LargeString:
		return string([]byte(a.Value(i))), nil
	case *array.Binary:
		return bytes.Clone(a.Value(i)), nil
	case *array.LargeBinary:
		return bytes.Clone(a.Value(i)), nil
	case *array.FixedSizeBinary:
		return bytes.Clone(a.Value(i)), nil
	case *array.Struct:
		return structOf(a, i, f)
	case *array.Map:
		return mapOf(a, i, f)
	case array.ListLike:
		from, to := a.ValueOffsets(i)
		items := make([]any, 0, to-from)
		for j := from; j < to; j++ {
			v, err := value(a.ListValues(), int(j), f.Elem())
			if err != nil {
				return nil, err
			}
			items = append(items, v)
		}
		return items, nil
	}
	return nil, fmt.Errorf("no column is of Arrow's type %v", a.DataType())
}

func structOf(a *array.Struct, i int, f feature.Field) (any, error) {
	fields := map[string]any{}
	t := a.DataType().(*arrow.StructType)
	for _, child := range f.Children {
		k, ok := t.FieldIdx(child.Name)
		if !ok {
			return nil, fmt.Errorf("no field %s", child.Name)
		}
		v, err := value(a.Field(k), i, child)
		if err != nil {
			return nil, err
		}
		fields[child.Name] = v
	}
	return fields, nil
}

func mapOf(a *array.Map, i int, f feature.Field) (any, error) {
	_, of := f.Entries()
	entries := map[string]any{}
	from, to := a.ValueOffsets(i)
	for j := int(from); j < int(to); j++ {
		key, err := value(a.Keys(), j, feature.Field{Kind: feature.String})
		if err != nil {
			return nil, err
		}
		if entries[key.(string)], err = value(a.Items(), j, of); err != nil {
			return nil, err
		}
	}
	return entries, nil
}
