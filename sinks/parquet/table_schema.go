package parquet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
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
		if _, err := column.Type(f, new(int)); err != nil {
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
		t, err := column.Type(f, &next)
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
