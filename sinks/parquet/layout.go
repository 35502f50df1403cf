package parquet

import (
	"fmt"

	"github.com/apache/iceberg-go"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// layout is how the group's columns lie in a data file. Columns are the
// schema's and then the table's own, in that order; the file has its leaves
// sorted by name, so each column knows its leaf.
//
// A file without deletes has no nulls where the group has none, whatever the
// table allows, and is smaller and faster to write. So there are two layouts.
type layout struct {
	schema  *feature.Schema
	nulls   bool // in every column, but for key and event time
	file    *pq.Schema
	columns []column
	scaled  []int // columns whose values are kept in a smaller unit, and may not fit
	options []pq.WriterOption
}

// column is one column of a data file.
type column struct {
	field    feature.Field
	id       int    // Iceberg's, by which every reader finds it
	leaf     int    // its index in the file
	nullable []bool // the column, its items, their items, …
	scale    int64
}

// The table's own columns, as offsets from the group's last.
const (
	epochColumn = iota
	partitionColumn
	offsetColumn
	deletedColumn
)

const (
	pageBytes       = 1 << 20
	dictionaryBytes = 1 << 20
	bloomBits       = 16 // a value: one in a thousand is taken for one that is there
)

func newLayout(s *feature.Schema, table *iceberg.Schema, nulls bool) (*layout, error) {
	l := &layout{schema: s, nulls: nulls}
	group := pq.Group{}
	for i, f := range l.fields() {
		t, ok := table.FindFieldByName(f.Name)
		if !ok {
			return nil, fmt.Errorf("table %s has no column %s", s.Group.Table(), f.Name)
		}
		filtered := i < len(s.Fields) && (s.IsKey(i) || i == s.Time())
		group[f.Name] = pq.FieldID(nodeOf(f, t.Type, filtered), t.ID)
		l.columns = append(l.columns, column{field: f, id: t.ID, nullable: nullability(f), scale: scaleOf(leafOf(f))})
	}
	l.file = pq.NewSchema("table", group)
	for i := range l.columns {
		c := &l.columns[i]
		leaf, ok := l.file.Lookup(pathOf(c.field)...)
		if !ok {
			return nil, fmt.Errorf("column %v: not in the file's schema", c.field)
		}
		c.leaf = leaf.ColumnIndex
		if i < len(s.Fields) && leafOf(c.field).Kind == feature.Int64 && c.scale != 1 {
			l.scaled = append(l.scaled, i)
		}
	}
	l.options = l.writerOptions()
	return l, nil
}

// fields are the columns with the nulls that a file may have.
func (l *layout) fields() []feature.Field {
	fields := fieldsOf(l.schema)
	for i := range fields {
		switch {
		case i >= len(l.schema.Fields) || l.keeps(i):
			fields[i].Nullable = false
		case !l.nulls:
			fields[i].Nullable = l.schema.Fields[i].Nullable
		}
	}
	return fields
}

// writerOptions are what every reader was tried with: data pages of version 1,
// no delta encodings, dictionaries that stay small.
func (l *layout) writerOptions() []pq.WriterOption {
	var filters []pq.BloomFilterColumn
	for _, c := range []*column{l.filterKey(), l.time()} {
		if c != nil {
			filters = append(filters, pq.SplitBlockFilter(bloomBits, c.field.Name))
		}
	}
	return []pq.WriterOption{
		l.file, pq.Compression(&pq.Snappy), pq.DataPageVersion(1), pq.PageBufferSize(pageBytes),
		pq.DictionaryMaxBytes(dictionaryBytes), pq.BloomFilters(filters...), pq.CreatedBy("tandem", "", ""),
	}
}

// filterKey is the key column that files have a bloom filter of, nil if none can.
func (l *layout) filterKey() *column {
	for _, k := range l.schema.Keys() {
		if c := &l.columns[k]; c.field.Kind != feature.Bool && k != l.schema.Time() {
			return c
		}
	}
	return nil
}

// keeps reports whether a delete has a value in a column: its key and its time.
func (l *layout) keeps(column int) bool {
	return l.schema.IsKey(column) || column == l.schema.Time()
}

// time is the event-time column, nil without one.
func (l *layout) time() *column {
	if t := l.schema.Time(); t >= 0 {
		return &l.columns[t]
	}
	return nil
}

// own is one of the table's own columns.
func (l *layout) own(i int) *column { return &l.columns[len(l.schema.Fields)+i] }

func leafOf(f feature.Field) feature.Field {
	for f.Kind == feature.List {
		f = f.Elem()
	}
	return f
}

func nullability(f feature.Field) []bool {
	n := []bool{f.Nullable}
	for f.Kind == feature.List {
		f = f.Elem()
		n = append(n, f.Nullable)
	}
	return n
}

func pathOf(f feature.Field) []string {
	path := []string{f.Name}
	for f.Kind == feature.List {
		f = f.Elem()
		path = append(path, "list", "element")
	}
	return path
}

// nodeOf is the field in the file's schema. A filtered column is written plain:
// parquet-go builds the filter of a dictionary column from the dictionary, which
// lacks the values that came after it was full.
func nodeOf(f feature.Field, t iceberg.Type, filtered bool) pq.Node {
	var n pq.Node
	switch f.Kind {
	case feature.List:
		list := t.(*iceberg.ListType)
		n = pq.List(pq.FieldID(nodeOf(f.Elem(), list.Element, false), list.ElementID))
	case feature.String:
		n = textNode(pq.String(), filtered)
	case feature.Bytes:
		n = textNode(pq.Leaf(pq.ByteArrayType), filtered)
	default:
		n = pq.Encoded(numberNode(f), &pq.Plain)
		if f.Name == own[epochColumn].Name || f.Name == own[partitionColumn].Name {
			n = pq.Encoded(numberNode(f), &pq.RLEDictionary)
		}
	}
	if f.Nullable {
		return pq.Optional(n)
	}
	return n
}

func textNode(n pq.Node, filtered bool) pq.Node {
	if filtered {
		return pq.Encoded(n, &pq.Plain)
	}
	return pq.Encoded(n, &pq.RLEDictionary)
}

func numberNode(f feature.Field) pq.Node {
	switch f.Logical {
	case feature.Date:
		return pq.Date()
	case feature.TimeMillis, feature.TimeMicros:
		return pq.TimeAdjusted(pq.Microsecond, false)
	case feature.TimestampMillis, feature.TimestampMicros:
		return pq.TimestampAdjusted(pq.Microsecond, true)
	case feature.LocalTimestampMillis, feature.LocalTimestampMicros:
		return pq.TimestampAdjusted(pq.Microsecond, false)
	}
	switch f.Kind {
	case feature.Bool:
		return pq.Leaf(pq.BooleanType)
	case feature.Int32:
		return pq.Leaf(pq.Int32Type)
	case feature.Int64:
		return pq.Leaf(pq.Int64Type)
	case feature.Float32:
		return pq.Leaf(pq.FloatType)
	}
	return pq.Leaf(pq.DoubleType)
}
