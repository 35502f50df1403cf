package feature

import (
	"cmp"
	"fmt"
	"slices"
)

// Restore makes a sealed batch of rows that a store gave back, which come from one
// partition and epoch, as if they had just been read: pending, each with its own place and
// timestamps. The list is sorted.
func Restore(s *Schema, p TopicPartition, rows ...Stored) (*Rows, error) {
	out := NewRows(s, p)
	slices.SortFunc(rows, func(a, b Stored) int { return cmp.Compare(a.Version.Offset, b.Version.Offset) })
	for _, row := range rows {
		for i := range out.Columns {
			if err := out.Columns[i].Append(row.Values[i]); err != nil {
				return nil, fmt.Errorf("the row at offset %d: %w", row.Version.Offset, err)
			}
		}
		op := Upsert
		if row.Version.Delete {
			op = Delete
		}
		at := row.Version.Offset
		out.Add(Record{Offset: at, Timestamp: row.RecordTime}, op)
		out.Spans = append(out.Spans, Span{at, at + 1})
	}
	out.Seal()
	return out, nil
}
