package column

import (
	"errors"

	"github.com/apache/iceberg-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Type is Iceberg's type of a field; next numbers what is in it.
func Type(f feature.Field, next *int) (iceberg.Type, error) {
	switch f.Kind {
	case feature.Bool:
		return iceberg.PrimitiveTypes.Bool, nil
	case feature.Int32, feature.Int64:
		return integerOf(f), nil
	case feature.Float32:
		return iceberg.PrimitiveTypes.Float32, nil
	case feature.Float64:
		return iceberg.PrimitiveTypes.Float64, nil
	case feature.String:
		return iceberg.PrimitiveTypes.String, nil
	case feature.Bytes:
		return bytesOf(f), nil
	case feature.List, feature.Map, feature.Struct:
		return nestedOf(f, next)
	}
	return nil, errors.New("has no type in an Iceberg table")
}

func nestedOf(f feature.Field, next *int) (iceberg.Type, error) {
	children := make([]iceberg.NestedField, len(f.Children))
	var errs []error
	for i, c := range f.Children {
		*next++
		id := *next
		t, err := Type(c, next)
		errs = append(errs, err)
		children[i] = iceberg.NestedField{ID: id, Name: c.Name, Type: t, Required: !c.Nullable}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	switch f.Kind {
	case feature.List:
		item := children[0]
		return &iceberg.ListType{ElementID: item.ID, Element: item.Type, ElementRequired: item.Required}, nil
	case feature.Map:
		// Values are optional whatever the group says: the library reads them so
		// from any table, and then can't rewrite them into one where they aren't.
		key, value := children[0], children[1]
		return &iceberg.MapType{KeyID: key.ID, KeyType: key.Type, ValueID: value.ID, ValueType: value.Type}, nil
	}
	return &iceberg.StructType{FieldList: children}, nil
}

func bytesOf(f feature.Field) iceberg.Type {
	switch {
	case f.Logical == feature.Decimal:
		return iceberg.DecimalTypeOf(f.Precision, f.Scale)
	case f.Logical == feature.UUID:
		return iceberg.PrimitiveTypes.UUID
	case f.Size > 0:
		return iceberg.FixedTypeOf(f.Size)
	}
	return iceberg.PrimitiveTypes.Binary
}

func integerOf(f feature.Field) iceberg.Type {
	switch f.Logical {
	case feature.Date:
		return iceberg.PrimitiveTypes.Date
	case feature.TimeMillis, feature.TimeMicros:
		return iceberg.PrimitiveTypes.Time
	case feature.TimestampMillis, feature.TimestampMicros:
		return iceberg.PrimitiveTypes.TimestampTz
	case feature.LocalTimestampMillis, feature.LocalTimestampMicros:
		return iceberg.PrimitiveTypes.Timestamp
	}
	if f.Kind == feature.Int32 {
		return iceberg.PrimitiveTypes.Int32
	}
	return iceberg.PrimitiveTypes.Int64
}

// Scale is what a value is multiplied by to be stored: Iceberg has microseconds only.
func Scale(f feature.Field) int64 {
	switch f.Logical {
	case feature.TimeMillis, feature.TimestampMillis, feature.LocalTimestampMillis:
		return 1000
	}
	return 1
}
