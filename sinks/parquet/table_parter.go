package parquet

import (
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// parter says in which partition of the table a row belongs.
type parter struct {
	schema   *feature.Schema
	table    int // its schema
	spec     int
	fields   []parterField
	identity bool // all fields are of the identity: two rows of one have one tuple
}

type parterField struct {
	id   int
	from int // in fieldsOf the schema; below 0: a column that the group's rows have no value of
	is   iceberg.Type
	by   iceberg.Transform
}

// newParter fails on a spec that this sink can't write by.
func newParter(spec *iceberg.PartitionSpec, of *iceberg.Schema, s *feature.Schema) (*parter, error) {
	p := &parter{schema: s, table: of.ID, spec: spec.ID(), identity: true}
	fields := fieldsOf(s)
	for _, f := range spec.Fields() {
		if _, void := f.Transform.(iceberg.VoidTransform); void {
			p.fields = append(p.fields, parterField{id: f.FieldID, from: -1})
			continue
		}
		if len(f.SourceIDs) != 1 {
			return nil, fmt.Errorf("partition field %s is of several columns", f.Name)
		}
		is, ok := of.FindFieldByID(f.SourceIDs[0])
		if !ok {
			return nil, fmt.Errorf("partition field %s is of column %d, which the table hasn't", f.Name, f.SourceIDs[0])
		}
		from := slices.IndexFunc(fields, func(c feature.Field) bool { return c.Name == is.Name })
		switch f.Transform.(type) {
		case iceberg.IdentityTransform, iceberg.BucketTransform, iceberg.TruncateTransform,
			iceberg.YearTransform, iceberg.MonthTransform, iceberg.DayTransform, iceberg.HourTransform:
		default:
			return nil, fmt.Errorf("partition field %s has transform %v, which this sink doesn't know", f.Name, f.Transform)
		}
		switch is.Type.(type) {
		case iceberg.Float32Type, iceberg.Float64Type:
			return nil, fmt.Errorf("partition field %s is of column %v: NaN and zeros have no one partition", f.Name, is.Name)
		}
		p.identity = p.identity && from >= 0 && from < len(s.Fields) && (s.IsKey(from) || from == s.Time())
		p.fields = append(p.fields, parterField{f.FieldID, from, is.Type, f.Transform})
	}
	return p, nil
}

// of is the tuple of row i. Of the features, a delete has its key and its time alone.
func (p *parter) of(rows *feature.Rows, i int) tuple {
	values := make(map[int]any, len(p.fields))
	for _, f := range p.fields {
		values[f.id] = nil
		if l := f.by.Apply(f.literal(rows, i)); l.Valid {
			values[f.id] = l.Val.Any()
		}
	}
	return tupleOf(p.spec, values)
}

// literal is a row's value as the library's transforms take it.
func (f *parterField) literal(rows *feature.Rows, i int) (l iceberg.Optional[iceberg.Literal]) {
	s := rows.Schema
	switch n := len(s.Fields); {
	case f.from < 0:
		return l
	case f.from >= n:
		return f.ownLiteral(rows, i, f.from-n)
	case rows.Ops[i] == feature.Delete && !s.IsKey(f.from) && f.from != s.Time():
		return l
	}
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

// ownLiteral is what one of the table's own columns has, as fillOwn fills it.
func (f *parterField) ownLiteral(rows *feature.Rows, i, column int) (l iceberg.Optional[iceberg.Literal]) {
	l.Valid = true
	switch column {
	case epochColumn:
		l.Val = numberOf(f.is, int64(rows.Epoch))
	case partitionColumn:
		l.Val = numberOf(f.is, int64(rows.Partition))
	case offsetColumn:
		l.Val = numberOf(f.is, rows.Records[i].Offset)
	case timeColumn:
		t := rows.Records[i].Time()
		l.Val, l.Valid = numberOf(f.is, t*1000), t != feature.NoTime
	case deletedColumn:
		l.Val = iceberg.BoolLiteral(rows.Ops[i] == feature.Delete)
	case onlyColumn:
		l.Val, l.Valid = iceberg.BoolLiteral(true), rows.Only(feature.Offline, i)
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
