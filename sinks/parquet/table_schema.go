package parquet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// own are the columns that the table has beside the features.
var own = [...]feature.Field{
	epochColumn:     {Name: feature.EpochColumn, Kind: feature.Int32},
	partitionColumn: {Name: feature.PartitionColumn, Kind: feature.Int32, Nullable: true},
	offsetColumn:    {Name: feature.OffsetColumn, Kind: feature.Int64, Nullable: true},
	timeColumn:      {Name: feature.TimeColumn, Kind: feature.Int64, Logical: feature.TimestampMillis, Nullable: true},
	deletedColumn:   {Name: feature.DeletedColumn, Kind: feature.Bool, Nullable: true},
	onlyColumn:      {Name: feature.OnlyColumn, Kind: feature.Bool, Nullable: true},
}

// The table's own columns, as offsets from the group's last.
const (
	epochColumn = iota
	partitionColumn
	offsetColumn
	timeColumn
	deletedColumn
	onlyColumn // last: files without nulls go without it
)

// reserved are names that Iceberg's readers give columns of their own.
var reserved = []string{
	"_file", "_pos", "_deleted", "_spec_id", "_partition", "_row_id", "_last_updated_sequence_number",
	"_change_type", "_change_ordinal", "_commit_snapshot_id",
}

func checkFields(s *feature.Schema) error {
	var errs []error
	for _, f := range s.Fields {
		if slices.Contains(reserved, strings.ToLower(f.Name)) {
			errs = append(errs, fmt.Errorf("column %q: readers of Iceberg have a column of their own by that name", f.Name))
		}
		if _, err := column.Type(f, new(int)); err != nil {
			errs = append(errs, fmt.Errorf("column %v: %w", f, err))
		}
	}
	return errors.Join(errs...)
}

// timesOfDay are the columns that are a time of day, or have one in them.
func timesOfDay(fields []feature.Field) (names []string) {
	for _, f := range fields {
		if f.Logical == feature.TimeMillis || f.Logical == feature.TimeMicros || len(timesOfDay(f.Children)) > 0 {
			names = append(names, f.Name)
		}
	}
	return names
}

// fieldsOf are all columns of the group's table. A feature is optional whatever
// the group says, for a delete has none of them.
func fieldsOf(s *feature.Schema) []feature.Field {
	fields := make([]feature.Field, 0, len(s.Fields)+len(own))
	for i, f := range s.Fields {
		f.Nullable = !s.IsKey(i)
		fields = append(fields, f)
	}
	return append(fields, own[:]...)
}

// tableSchema is the group's table as Iceberg describes it. Columns have no docs:
// those are the users'. Rows are unique by the identifier columns; with an event time
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
		nested = append(nested, iceberg.NestedField{ID: i + 1, Name: f.Name, Type: t, Required: !f.Nullable})
		if i < len(s.Fields) && s.IsKey(i) && s.Time() < 0 {
			keys = append(keys, i+1)
		}
	}
	return iceberg.NewSchemaWithIdentifiers(0, keys, nested...), nil
}

// groupProperty is the table's property that has the group's feature.Description.
const groupProperty = "tandem.group"
