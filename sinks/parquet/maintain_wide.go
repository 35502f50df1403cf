package parquet

import (
	"fmt"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// widen uses a schema from now on that has all columns of the table, those too
// that the group at hand lacks: what is rewritten keeps them.
func (l *lake) widen(t *table.Table, s *feature.Schema) error {
	if err := l.take(t, s); err != nil {
		return err
	}
	fields := append([]feature.Field(nil), s.Fields...)
	for _, f := range t.Schema().Fields() {
		if s.Index(f.Name) >= 0 || isOwn(f.Name) {
			continue
		}
		added, err := fieldOf(f)
		if err != nil {
			return fmt.Errorf("table %s: column %s: %w", s.Group.Table(), f.Name, err)
		}
		fields = append(fields, added)
	}
	if len(fields) == len(s.Fields) {
		return nil
	}
	wide, err := feature.NewSchema(s.Group, fields)
	if err != nil {
		return err
	}
	full, err := newLayout(wide, t.Schema(), true)
	if err != nil {
		return err
	}
	plain, err := newLayout(wide, t.Schema(), false)
	if err != nil {
		return err
	}
	l.schema, l.layout, l.plain = wide, full, plain
	return nil
}

func isOwn(name string) bool {
	for _, f := range own {
		if f.Name == name {
			return true
		}
	}
	return false
}

// fieldOf is a field whose values lie in files exactly as the column's do,
// whatever unit they were in before.
func fieldOf(n iceberg.NestedField) (feature.Field, error) {
	f := feature.Field{Name: n.Name, Nullable: !n.Required}
	var children []iceberg.NestedField
	switch t := n.Type.(type) {
	case iceberg.FixedType:
		f.Kind, f.Size = feature.Bytes, t.Len()
	case iceberg.DecimalType:
		f.Kind, f.Logical, f.Precision, f.Scale = feature.Bytes, feature.Decimal, t.Precision(), t.Scale()
	case *iceberg.ListType:
		f.Kind, children = feature.List, t.Fields()
	case *iceberg.MapType:
		f.Kind, children = feature.Map, t.Fields()
	case *iceberg.StructType:
		f.Kind, children = feature.Struct, t.Fields()
	default:
		like, ok := primitives[t.Type()]
		if !ok {
			return f, fmt.Errorf("%s is no type of a feature", t)
		}
		f.Kind, f.Logical, f.Size = like.Kind, like.Logical, like.Size
	}
	for _, n := range children {
		child, err := fieldOf(n)
		if err != nil {
			return f, err
		}
		if f.Kind != feature.Struct {
			child.Name = ""
		}
		f.Children = append(f.Children, child)
	}
	return f, nil
}

var primitives = map[string]feature.Field{
	"boolean":     {Kind: feature.Bool},
	"int":         {Kind: feature.Int32},
	"long":        {Kind: feature.Int64},
	"float":       {Kind: feature.Float32},
	"double":      {Kind: feature.Float64},
	"date":        {Kind: feature.Int32, Logical: feature.Date},
	"time":        {Kind: feature.Int64, Logical: feature.TimeMicros},
	"timestamp":   {Kind: feature.Int64, Logical: feature.LocalTimestampMicros},
	"timestamptz": {Kind: feature.Int64, Logical: feature.TimestampMicros},
	"string":      {Kind: feature.String},
	"uuid":        {Kind: feature.Bytes, Logical: feature.UUID, Size: 16},
	"binary":      {Kind: feature.Bytes},
}
