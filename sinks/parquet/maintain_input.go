package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	iceio "github.com/apache/iceberg-go/io"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// input reads some columns of a file, a few rows at a time and row group by row group.
type input struct {
	uri     string
	raw     io.Closer
	groups  []pq.RowGroup
	columns []*column.Column
	cursors []*column.Cursor
	left    int // in the open row group
}

func openInput(raw iceio.File, size int64, uri string, columns []*column.Column) (*input, error) {
	file, err := pq.OpenFile(raw, size, pq.SkipPageIndex(true), pq.ReadBufferSize(64<<10))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", uri, err)
	}
	return &input{uri: uri, raw: raw, groups: file.RowGroups(), columns: columns}, nil
}

// read appends at most n rows; none at the end.
func (in *input) read(n int, dst []*feature.Column) (int, error) {
	for in.left == 0 {
		if len(in.groups) == 0 {
			return 0, nil
		}
		if err := in.openGroup(in.groups[0]); err != nil {
			return 0, fmt.Errorf("reading %s: %w", in.uri, err)
		}
		in.groups = in.groups[1:]
	}
	n = min(n, in.left)
	for i, c := range in.cursors {
		if err := c.Read(n, dst[i]); err != nil {
			return 0, fmt.Errorf("reading %s: %w", in.uri, err)
		}
	}
	in.left -= n
	return n, nil
}

func (in *input) openGroup(g pq.RowGroup) error {
	if err := in.closeGroup(); err != nil {
		return err
	}
	for _, c := range in.columns {
		x, err := column.NewCursor(g, c)
		if err != nil {
			return err
		}
		in.cursors = append(in.cursors, x)
	}
	in.left = int(g.NumRows())
	return nil
}

func (in *input) closeGroup() error {
	var errs []error
	for _, c := range in.cursors {
		errs = append(errs, c.Close())
	}
	in.cursors = in.cursors[:0]
	return errors.Join(errs...)
}

func (in *input) close() error { return errors.Join(in.closeGroup(), in.raw.Close()) }

// isSorted reads the columns that a file may be sorted by.
func (l *lake) isSorted(ctx context.Context, f stored, by []int) (_ bool, err error) {
	raw, err := l.disk.Open(f.uri)
	if err != nil {
		return false, err
	}
	var columns []*column.Column
	for _, c := range by {
		columns = append(columns, &l.layout.columns[c])
	}
	in, err := openInput(raw, f.size, f.uri, columns)
	if err != nil {
		return false, errors.Join(err, raw.Close())
	}
	defer func() { err = errors.Join(err, in.close()) }()
	rows := feature.NewRows(l.schema, feature.TopicPartition{})
	var dst []*feature.Column
	for _, c := range by {
		dst = append(dst, &rows.Columns[c])
	}
	var last []byte
	keys := sortKeys{by: by}
	for {
		for _, c := range dst {
			c.Truncate(0)
		}
		n, err := in.read(blockRows, dst)
		if err = errors.Join(err, ctx.Err()); n == 0 || err != nil {
			return err == nil, err
		}
		keys.fill(rows, n)
		for i := range n {
			if bytes.Compare(last, keys.at(i)) > 0 {
				return false, nil
			}
			last = append(last[:0], keys.at(i)...)
		}
	}
}
