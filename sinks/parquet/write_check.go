package parquet

import (
	"errors"
	"slices"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

var _ pipeline.RowChecker = (*writer)(nil)

var errTooFar = errors.New("the timestamp in milliseconds does not fit the table's microseconds")

// CheckRows finds a row with a timestamp that the table's microseconds can't hold.
func (w *writer) CheckRows(rows *feature.Rows, from int) (int, error) {
	l := w.lake.layout
	if from == 0 && l.fitAll(rows) {
		return 0, nil
	}
	for i := from; i < rows.Len(); i++ {
		if !l.fits(rows, i) {
			return i, errTooFar
		}
	}
	return 0, nil
}

// fitAll reports, column by column, that all of a batch can be stored exactly. It
// may miss that they can, of lists and where a null stands in place of a number.
func (l *layout) fitAll(rows *feature.Rows) bool {
	n := rows.Len()
	for _, k := range l.scaled {
		least, most := column.Limits(l.columns[k].Field)
		if k == l.schema.Time() && !allWithin(least, most, n, rows.Time) {
			return false
		}
		of := rows.Columns[k].Int64s
		if len(of) != n || !allWithin(least, most, n, func(i int) int64 { return of[i] }) {
			return false
		}
	}
	return true
}

func allWithin(least, most int64, n int, of func(i int) int64) bool {
	for i := range n {
		if x := of(i); x < least || x > most {
			return false
		}
	}
	return true
}

// checkScale finds a row that can't be stored exactly before anything is written.
func (l *layout) checkScale(rows *feature.Rows, runs []run) error {
	if l.fitAll(rows) {
		return nil
	}
	for _, r := range runs {
		for i := r.from; i < r.to; i++ {
			if !l.fits(rows, i) {
				return &pipeline.RecordError{TopicPartition: rows.TopicPartition, Offset: rows.Records[i].Offset, Err: errTooFar}
			}
		}
	}
	return nil
}

// fits reports whether a row can be stored exactly. Of a delete only key and
// time are stored.
func (l *layout) fits(rows *feature.Rows, i int) bool {
	for _, k := range l.scaled {
		c := &l.columns[k]
		if rows.Ops[i] == feature.Delete && !l.keeps(k) {
			continue
		}
		if !column.Fits(&rows.Columns[k], i) || k == l.schema.Time() && !column.InLimits(c.Field, rows.Time(i)) {
			return false
		}
	}
	return true
}

// hasNulls finds a row to be stored with a null that its group doesn't allow. No decoder
// makes one; if there is one nevertheless, it is stored as it is.
func (l *layout) hasNulls(b *batch) bool {
	for i := range l.schema.Fields {
		src := &b.rows.Columns[i]
		if l.columns[i].Field.Nullable || i == l.schema.Time() || src.Valid == nil {
			continue
		}
		for _, r := range b.runs {
			if slices.Contains(src.Valid[r.from:r.to], false) {
				return true
			}
		}
	}
	return false
}
