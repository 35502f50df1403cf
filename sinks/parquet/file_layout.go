package parquet

import (
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
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
	columns []column.Column
	scaled  []int // columns whose values are kept in a smaller unit, and may not fit
	options []pq.WriterOption
	writers writers
}

const (
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
		node := pq.FieldID(column.Node(f, t.Type, l.encoding(i)), t.ID)
		group[f.Name] = node
		l.columns = append(l.columns, column.Of(f, node))
		if i < len(s.Fields) && column.MayNotFit(f) {
			l.scaled = append(l.scaled, i)
		}
	}
	l.file = pq.NewSchema("table", group)
	for i := range l.columns {
		c := &l.columns[i]
		if err := c.Find(l.file, c.Field.Name); err != nil {
			return nil, err
		}
	}
	l.options = l.writerOptions()
	return l, nil
}

// part is a table's schema without the columns that a file lacks, for it was begun
// before they were added. The library doesn't take such a file for complete
// where what is nested in an optional column is required.
func (l *layout) part(table *iceberg.Schema) *iceberg.Schema {
	var fields []iceberg.NestedField
	for _, f := range table.Fields() {
		if slices.ContainsFunc(l.columns, func(c column.Column) bool { return c.ID == f.ID }) {
			fields = append(fields, f)
		}
	}
	return iceberg.NewSchema(table.ID, fields...)
}

// fields are the columns with the nulls that a file may have.
func (l *layout) fields() []feature.Field {
	fields := fieldsOf(l.schema)
	if !l.nulls {
		fields = fields[:len(fields)-1] // onlyColumn
	}
	for i := range fields {
		switch features := len(l.schema.Fields); {
		case i < features && l.keeps(i):
			fields[i].Nullable = false
		case l.nulls:
		case i < features:
			fields[i].Nullable = l.schema.Fields[i].Nullable
		default:
			fields[i].Nullable = false
		}
	}
	return fields
}

// encoding is plain where the file has a filter; the columns that are the same
// for many rows have a dictionary.
func (l *layout) encoding(i int) column.Encoding {
	switch i {
	case filterKey(l.schema):
		return column.Plain
	case len(l.schema.Fields) + epochColumn, len(l.schema.Fields) + partitionColumn:
		return column.Dictionary
	}
	return column.Usual
}

// writerOptions are what every reader was tried with: data pages of version 1,
// no delta encodings, dictionaries that stay small. Bounds of pages are in the
// column index, and not in the pages too.
func (l *layout) writerOptions() []pq.WriterOption {
	var filters []pq.BloomFilterColumn
	if k := filterKey(l.schema); k >= 0 {
		filters = append(filters, pq.SplitBlockFilter(bloomBits, l.schema.Fields[k].Name))
	}
	return []pq.WriterOption{
		l.file, pq.Compression(&pq.Snappy), pq.DataPageVersion(1), pq.PageBufferSize(column.PageBytes),
		pq.DictionaryMaxBytes(dictionaryBytes), pq.BloomFilters(filters...), pq.DataPageStatistics(false), pq.CreatedBy("tandem", "", ""),
	}
}

// filterKey is the key column that files have a bloom filter of, for engines that
// look for a key; -1 if none can.
func filterKey(s *feature.Schema) int {
	for _, k := range s.Keys() {
		if s.Fields[k].Kind != feature.Bool && k != s.Time() {
			return k
		}
	}
	return -1
}

// keeps reports whether a delete has a value in a column: its key and its time.
func (l *layout) keeps(i int) bool {
	return l.schema.IsKey(i) || i == l.schema.Time()
}

// time is the event-time column, nil without one.
func (l *layout) time() *column.Column {
	if t := l.schema.Time(); t >= 0 {
		return &l.columns[t]
	}
	return nil
}

// own is one of the table's own columns.
func (l *layout) own(i int) *column.Column { return &l.columns[len(l.schema.Fields)+i] }
