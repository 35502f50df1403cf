package parquet

import (
	"context"
	"errors"
	"fmt"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// scanRows is how many rows of a file are in memory at a time.
const scanRows = 4096

func (s *snapshot) scanFile(ctx context.Context, f stored, do func(*feature.Scanned) error) (err error) {
	gone, err := s.deletedOf(f)
	if err != nil {
		return err
	}
	in, err := openFile(s.lake.disk, f)
	if err != nil {
		return fmt.Errorf("the offline table's file %s: %w", f.uri, err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	base := int64(0)
	for _, g := range in.RowGroups() {
		if err := s.scanGroup(ctx, g, base, gone, do); err != nil {
			return fmt.Errorf("the offline table's file %s: %w", f.uri, err)
		}
		base += g.NumRows()
	}
	return nil
}

// deletedOf is the set of a file's deleted rows. Delete files that were read are
// remembered for the next.
func (s *snapshot) deletedOf(f stored) (rowSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lake.deleted.of(s.lake.disk, f.uri, s.deletes)
}

func (s *snapshot) scanGroup(ctx context.Context, g pq.RowGroup, base int64, gone rowSet, do func(*feature.Scanned) error) (err error) {
	block, out := newBlock(s.lake.schema), feature.NewScanned(s.lake.schema)
	var cursors []*column.Cursor
	defer func() {
		for _, c := range cursors {
			err = errors.Join(err, c.Close())
		}
	}()
	for i := range s.lake.layout.columns {
		c, err := column.NewCursor(g, &s.lake.layout.columns[i])
		if err != nil {
			return err
		}
		cursors = append(cursors, c)
	}
	for from := int64(0); from < g.NumRows(); from += scanRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int(min(scanRows, g.NumRows()-from))
		block.clear()
		for i, c := range cursors {
			if err := c.Read(n, block.all[i]); err != nil {
				return err
			}
		}
		if s.fill(out, block, n, base+from, gone); out.Len() == 0 {
			continue
		}
		if err := do(out); err != nil {
			return err
		}
	}
	return nil
}

// fill leaves in out the rows of a block that aren't deleted.
func (s *snapshot) fill(out *feature.Scanned, b *block, n int, base int64, gone rowSet) {
	out.Clear()
	from := 0
	for i := range n + 1 {
		if i < n && !gone.has(base+int64(i)) {
			continue
		}
		for c := range out.Columns {
			out.Columns[c].ExtendRange(&b.rows.Columns[c], from, i)
		}
		for k := from; k < i; k++ {
			out.Versions = append(out.Versions, b.own.version(k, s.time(b.rows, k)))
			out.RecordTimes = append(out.RecordTimes, b.own.recordTime(k))
			out.Only = append(out.Only, !b.own[onlyColumn].Null(k))
		}
		from = i + 1
	}
}

// time is the event time of row i, 0 without one.
func (s *snapshot) time(rows *feature.Rows, i int) int64 {
	t := s.lake.schema.Time()
	switch {
	case t < 0:
		return 0
	case rows.Columns[t].Field.Kind == feature.Int32:
		return int64(rows.Columns[t].Int32s[i])
	}
	return rows.Columns[t].Int64s[i]
}
