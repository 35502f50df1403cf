package rowgen

import "github.com/tandemdata/tandem/pipeline/feature"

// Row is a row of Plain or Timed as a scenario writes it.
type Row struct {
	Offset int64
	Key    string
	Time   int64 // the event time, and the record's timestamp too
	Op     feature.Op
	Value  int64
}

// Batch is the rows of a scenario as one span, from the first row's offset to
// after the last one's. A delete has no values but its key, as a null value has.
func Batch(s *feature.Schema, p feature.TopicPartition, rows ...Row) *feature.Rows {
	b := NewBuilder(s, p, 0)
	if len(rows) > 0 {
		b.from = rows[0].Offset
	}
	for _, r := range rows {
		rec := feature.Record{Offset: r.Offset, Timestamp: r.Time}
		values := []any{r.Key, r.Time, r.Value}
		if r.Op == feature.Delete {
			values = []any{r.Key, nil, nil}
		}
		if s.Time() < 0 {
			values = []any{values[0], values[2]}
		}
		b.Add(rec, r.Op, values...)
	}
	return b.Rows()
}

// Builder makes a batch row by row.
type Builder struct {
	rows *feature.Rows
	from int64 // where the open span begins
}

// NewBuilder starts a batch, and its first span at an offset.
func NewBuilder(s *feature.Schema, p feature.TopicPartition, from int64) *Builder {
	return &Builder{feature.NewRows(s, p), from}
}

// Add appends a row whose values stand in the order of the schema's fields, as
// feature.Column.Value gives them. It panics on a value of another type.
func (b *Builder) Add(rec feature.Record, op feature.Op, values ...any) {
	for i := range b.rows.Columns {
		if err := b.rows.Columns[i].Append(values[i]); err != nil {
			panic(err)
		}
	}
	b.rows.Add(rec, op)
}

// AddPlaceholder keeps the place of a record that gave no row.
func (b *Builder) AddPlaceholder(rec feature.Record, f feature.Outcome) {
	b.rows.AddPlaceholder(rec, f)
}

// Cut ends the open span before an offset and begins the next one there.
func (b *Builder) Cut(to int64) {
	b.rows.Spans = append(b.rows.Spans, feature.Span{From: b.from, To: to})
	b.from = to
}

// Rows ends the open span after the last row, if it has any, and seals the batch.
func (b *Builder) Rows() *feature.Rows {
	if n := b.rows.Len(); n > 0 && b.rows.Records[n-1].Offset >= b.from {
		b.Cut(b.rows.Records[n-1].Offset + 1)
	}
	b.rows.Seal()
	return b.rows
}
