package parquet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// own are the columns that the table has beside the features.
var own = []feature.Field{
	{Name: "_epoch", Kind: feature.Int32},
	{Name: "_partition", Kind: feature.Int32, Nullable: true},
	{Name: "_offset", Kind: feature.Int64, Nullable: true},
	{Name: "_deleted", Kind: feature.Bool, Nullable: true},
}

func checkFields(s *feature.Schema) error {
	var errs []error
	for _, f := range s.Fields {
		if _, err := typeOf(f, new(int)); err != nil {
			errs = append(errs, fmt.Errorf("column %v: %w", f, err))
		}
	}
	return errors.Join(errs...)
}

// fieldsOf are all columns of the group's table. A feature is optional whatever
// the group says, for a delete has none of them.
func fieldsOf(s *feature.Schema) []feature.Field {
	fields := make([]feature.Field, 0, len(s.Fields)+len(own))
	for i, f := range s.Fields {
		f.Nullable = !s.IsKey(i)
		fields = append(fields, f)
	}
	return append(fields, own...)
}

// tableSchema is the group's table as Iceberg describes it. A column's doc is
// its feature type, which says what Iceberg's doesn't: the unit it is to be
// given back in. Rows are unique by the identifier columns; with an event time
// they are so by that too, which being optional can't be one of them.
func tableSchema(s *feature.Schema) (*iceberg.Schema, error) {
	fields := fieldsOf(s)
	next := len(fields)
	var nested []iceberg.NestedField
	var keys []int
	for i, f := range fields {
		t, err := typeOf(f, &next)
		if err != nil {
			return nil, err
		}
		nested = append(nested, iceberg.NestedField{ID: i + 1, Name: f.Name, Type: t, Required: !f.Nullable, Doc: docOf(f)})
		if i < len(s.Fields) && s.IsKey(i) && s.Time() < 0 {
			keys = append(keys, i+1)
		}
	}
	return iceberg.NewSchemaWithIdentifiers(0, keys, nested...), nil
}

// docOf is the feature type in words, nullable or not.
func docOf(f feature.Field) string {
	f.Name, f.Nullable = "", false
	return f.String()
}

// typeOf is Iceberg's type of a field; next numbers what is in it.
func typeOf(f feature.Field, next *int) (iceberg.Type, error) {
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
		t, err := typeOf(c, next)
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

// scaleOf is what a value is multiplied by to be stored: Iceberg has microseconds only.
func scaleOf(f feature.Field) int64 {
	switch f.Logical {
	case feature.TimeMillis, feature.TimestampMillis, feature.LocalTimestampMillis:
		return 1000
	}
	return 1
}

// The table's properties that say what its rows are unique and ordered by.
const (
	keyProperty   = "tandem.primary-key"
	timeProperty  = "tandem.event-time"
	orderProperty = "tandem.order"
)

func identityOf(g feature.Group) iceberg.Properties {
	return iceberg.Properties{
		keyProperty:   strings.Join(g.PrimaryKey, ","),
		timeProperty:  g.EventTime,
		orderProperty: g.Order.String(),
	}
}
