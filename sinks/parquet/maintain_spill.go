package parquet

import (
	"context"
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// sorter makes runs of the files that are rewritten. What is sorted already is
// read as it stands; the rest is sorted in memory, and put into a file of its own
// when that is full.
type sorter struct {
	set   *Sink
	lake  *lake
	by    []int  // columns to sort by
	rows  *block // not sorted yet
	runs  []sortedRun
	nulls bool // a file has nulls where the group has none, or may have
}

// add takes a file, of which some rows are deleted.
func (s *sorter) add(ctx context.Context, f stored, n uint32, gone rowSet) error {
	sorted := false
	if f.size >= s.set.streamBytes {
		var err error
		if sorted, err = s.lake.isSorted(ctx, f, s.by); err != nil {
			return err
		}
	}
	r, err := s.open(f, n, gone)
	if err != nil {
		return err
	}
	if sorted {
		s.runs = append(s.runs, r)
		return nil
	}
	return errors.Join(s.take(ctx, r), r.close())
}

func (s *sorter) open(f stored, n uint32, gone rowSet) (*fileRun, error) {
	raw, err := s.lake.disk.Open(f.uri)
	if err != nil {
		return nil, err
	}
	in, err := openInput(raw, f.size, f.uri, s.lake.layout.every())
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	rows := int64(0)
	for _, g := range in.groups {
		s.nulls = s.nulls || s.lake.plain.lacks(g.Schema())
		rows += g.NumRows()
	}
	if rows != f.rows {
		return nil, errors.Join(fmt.Errorf("%s has %d rows, and %d by the table", f.uri, rows, f.rows), in.close())
	}
	return &fileRun{in: in, read: newBlock(s.lake.schema), gone: gone, from: func(row int) place { return place{n, uint32(row)} }}, nil
}

// take reads all rows of a file.
func (s *sorter) take(ctx context.Context, r *fileRun) error {
	b := newBlock(s.lake.schema)
	for {
		err := errors.Join(ctx.Err(), r.next(b))
		if err != nil || b.len() == 0 {
			return err
		}
		s.rows.add(b, 0, b.len())
		if s.rows.size() >= s.set.runBytes {
			if err := s.spill(); err != nil {
				return err
			}
		}
	}
}

// spill writes the rows in memory to a file that has no name any more, and so is
// gone with the process.
func (s *sorter) spill() (err error) {
	f, err := s.lake.newDataFile(true, tuple{})
	if err != nil {
		return err
	}
	sorted := s.rows.sorted(s.lake.schema, s.by)
	if err = f.copy(sorted, nil); err == nil {
		err = f.end()
	}
	if err == nil {
		err = f.out.drain()
	}
	if err == nil {
		err = s.lake.disk.Remove(f.out.file.Name())
	}
	if err != nil {
		return errors.Join(err, f.out.discard())
	}
	in, err := openInput(f.out.file, f.out.size(), f.uri(), s.lake.layout.every())
	if err != nil {
		return errors.Join(err, f.out.discard())
	}
	from := sorted.from
	s.runs = append(s.runs, &fileRun{in: in, read: newBlock(s.lake.schema), from: func(row int) place { return from[row] }})
	s.rows.clear()
	return nil
}

// finish gives the runs; what is left in memory is one.
func (s *sorter) finish() []sortedRun {
	if s.rows.len() > 0 {
		s.runs = append(s.runs, &memoryRun{s.rows.sorted(s.lake.schema, s.by)})
	}
	s.rows = nil
	return s.runs
}

// every is all columns of a file.
func (l *layout) every() []*column.Column {
	all := make([]*column.Column, len(l.columns))
	for i := range l.columns {
		all[i] = &l.columns[i]
	}
	return all
}
