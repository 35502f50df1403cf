package parquet

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// tuple is a partition of the table: the spec that it is of, and its values by the
// fields' ids. The zero tuple is the one of a table without partitions.
type tuple struct {
	spec   int
	values map[int]any
	key    string // equal for equal ones
}

// tupleOf makes one of values that may come from rows or from a manifest.
func tupleOf(spec int, values map[int]any) tuple {
	t := tuple{spec: spec, values: values}
	if len(values) == 0 && spec == 0 {
		return t
	}
	var b strings.Builder
	fmt.Fprint(&b, spec)
	ids := make([]int, 0, len(values))
	for id := range values {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(&b, " %d=%s", id, spellValue(values[id]))
	}
	t.key = b.String()
	return t
}

// spellValue is the same for a value whichever of the library's types it has.
func spellValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case []byte:
		return fmt.Sprintf("%x", v)
	case uuid.UUID:
		return fmt.Sprintf("%x", v[:])
	case iceberg.Decimal:
		return fmt.Sprintf("%v/%d", v.Val.BigInt(), v.Scale)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		return fmt.Sprint(r.Int())
	case reflect.String:
		return fmt.Sprintf("%q", r.String())
	}
	return fmt.Sprint(v)
}

// parter says in which partition of the table a row belongs.
type parter struct {
	schema   *feature.Schema
	spec     int
	fields   []parterField
	identity bool // all fields are of the identity: two rows of one have one tuple
}

type parterField struct {
	id   int
	from int // in Schema.Fields
	is   iceberg.Type
	by   iceberg.Transform
}

// newParter fails on a spec that this sink can't write by.
func newParter(spec *iceberg.PartitionSpec, of *iceberg.Schema, s *feature.Schema) (*parter, error) {
	p := &parter{schema: s, spec: spec.ID(), identity: true}
	for _, f := range spec.Fields() {
		if _, void := f.Transform.(iceberg.VoidTransform); void {
			p.fields = append(p.fields, parterField{id: f.FieldID, from: -1})
			continue
		}
		if len(f.SourceIDs) != 1 {
			return nil, fmt.Errorf("partition field %s is of several columns", f.Name)
		}
		name, ok := of.FindColumnName(f.SourceIDs[0])
		from := slices.IndexFunc(s.Fields, func(c feature.Field) bool { return c.Name == name })
		if !ok || from < 0 {
			return nil, fmt.Errorf("partition field %s is of column %s, which is none of the group's own", f.Name, name)
		}
		is, _ := of.FindTypeByID(f.SourceIDs[0])
		switch f.Transform.(type) {
		case iceberg.IdentityTransform, iceberg.BucketTransform, iceberg.TruncateTransform,
			iceberg.YearTransform, iceberg.MonthTransform, iceberg.DayTransform, iceberg.HourTransform:
		default:
			return nil, fmt.Errorf("partition field %s has transform %v, which this sink doesn't know", f.Name, f.Transform)
		}
		if k := s.Fields[from].Kind; k == feature.Float32 || k == feature.Float64 {
			return nil, fmt.Errorf("partition field %s is of column %v: NaN and zeros have no one partition", f.Name, s.Fields[from])
		}
		p.identity = p.identity && (s.IsKey(from) || from == s.Time())
		p.fields = append(p.fields, parterField{f.FieldID, from, is, f.Transform})
	}
	return p, nil
}

// of is the tuple of row i. A delete has the values of its key and time alone.
func (p *parter) of(rows *feature.Rows, i int) tuple {
	values := make(map[int]any, len(p.fields))
	for _, f := range p.fields {
		values[f.id] = nil
		if f.from < 0 || rows.Ops[i] == feature.Delete && !rows.Schema.IsKey(f.from) && f.from != rows.Schema.Time() {
			continue
		}
		if l := f.by.Apply(literalOf(f, rows, i)); l.Valid {
			values[f.id] = l.Val.Any()
		}
	}
	return tupleOf(p.spec, values)
}

// literalOf is a row's value as the library's transforms take it.
func literalOf(f parterField, rows *feature.Rows, i int) (l iceberg.Optional[iceberg.Literal]) {
	c := &rows.Columns[f.from]
	isTime := f.from == rows.Schema.Time()
	if c.Null(i) && !isTime {
		return l
	}
	l.Valid = true
	switch c.Field.Kind {
	case feature.Bool:
		l.Val = iceberg.BoolLiteral(c.Bools[i])
	case feature.Int32, feature.Int64:
		n := rows.Time(i)
		if !isTime && c.Field.Kind == feature.Int32 {
			n = int64(c.Int32s[i])
		} else if !isTime {
			n = c.Int64s[i]
		}
		l.Val = numberOf(f.is, n*column.Scale(c.Field))
	default:
		l.Val = bytesLiteral(f.is, c.Slice(i))
	}
	return l
}

func numberOf(is iceberg.Type, n int64) iceberg.Literal {
	switch is.(type) {
	case iceberg.Int32Type:
		return iceberg.Int32Literal(n)
	case iceberg.DateType:
		return iceberg.DateLiteral(n)
	case iceberg.TimeType:
		return iceberg.TimeLiteral(n)
	case iceberg.TimestampType, iceberg.TimestampTzType:
		return iceberg.TimestampLiteral(n)
	}
	return iceberg.Int64Literal(n)
}

// bytesLiteral copies the bytes, for a tuple outlives its batch.
func bytesLiteral(is iceberg.Type, b []byte) iceberg.Literal {
	switch is.(type) {
	case iceberg.StringType:
		return iceberg.StringLiteral(b)
	case iceberg.UUIDType:
		return iceberg.UUIDLiteral(b)
	case iceberg.FixedType:
		return iceberg.FixedLiteral(slices.Clone(b))
	case iceberg.DecimalType:
		if l, err := iceberg.LiteralFromBytes(is, b); err == nil {
			return l
		}
	}
	return iceberg.BinaryLiteral(slices.Clone(b))
}

// specByID is a spec that the table has or had.
func specByID(t *table.Table, id int) (iceberg.PartitionSpec, error) {
	if spec := t.Metadata().PartitionSpecByID(id); spec != nil {
		return *spec, nil
	}
	return iceberg.PartitionSpec{}, fmt.Errorf("the table has no partition spec %d", id)
}

// placed is a data file's entry with its partition.
func placed(t *table.Table, m iceberg.DataFile, in tuple) (iceberg.DataFile, error) {
	spec, err := specByID(t, in.spec)
	if err != nil {
		return nil, err
	}
	b, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentData, m.FilePath(), m.FileFormat(), in.values, nil, nil, m.Count(), m.FileSizeBytes())
	if err != nil {
		return nil, err
	}
	return b.ColumnSizes(m.ColumnSizes()).ValueCounts(m.ValueCounts()).NullValueCounts(m.NullValueCounts()).
		NaNValueCounts(m.NaNValueCounts()).LowerBoundValues(m.LowerBoundValues()).UpperBoundValues(m.UpperBoundValues()).
		SplitOffsets(m.SplitOffsets()).Build(), nil
}
