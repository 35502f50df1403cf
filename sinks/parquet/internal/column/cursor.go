package column

import (
	"errors"
	"fmt"
	"io"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Cursor reads one column of a row group some rows at a time, and holds one page
// of each leaf.
type Cursor struct {
	column *Column
	leaves []*leafCursor // none: the file is from before the column was added
}

// NewCursor stands before the first row.
func NewCursor(g pq.RowGroup, c *Column) (*Cursor, error) {
	in, err := columnOf(g, c)
	if err != nil {
		return nil, err
	}
	x := &Cursor{column: c}
	for i := 0; in != nil && i < len(in.leaves); i++ {
		l := &in.leaves[i]
		x.leaves = append(x.leaves, &leafCursor{leaf: l, pages: g.ColumnChunks()[l.index].Pages()})
	}
	return x, nil
}

// Read appends the next n rows, of which there must be as many.
func (x *Cursor) Read(n int, dst *feature.Column) error {
	if len(x.leaves) == 0 {
		for range n {
			dst.AppendNull()
		}
		return nil
	}
	for _, l := range x.leaves {
		if err := l.read(n, dst); err != nil {
			return fmt.Errorf("column %v: %w", x.column.Field, err)
		}
	}
	return nil
}

// Close gives the pages back.
func (x *Cursor) Close() error {
	var errs []error
	for _, l := range x.leaves {
		l.release()
		errs = append(errs, l.pages.Close())
	}
	return errors.Join(errs...)
}

type leafCursor struct {
	leaf   *leaf
	pages  pq.Pages
	page   pq.Page
	values pq.ValueReader
	buffer [256]pq.Value
	held   []pq.Value // of the buffer, not placed yet
}

// read places the values of n rows. Where a row has several, its end is known by
// the first value of the next.
func (l *leafCursor) read(n int, dst *feature.Column) error {
	for {
		if len(l.held) == 0 {
			if err := l.fill(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
		}
		for len(l.held) > 0 {
			v := l.held[0]
			switch {
			case v.RepetitionLevel() > 0:
				l.leaf.resume(dst, v, 0, level{})
			case n == 0:
				return nil
			default:
				l.leaf.place(dst, v, 0, 0)
				n--
			}
			l.held = l.held[1:]
		}
	}
	if n > 0 {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// fill reads more values, of the next page where this one has no more.
func (l *leafCursor) fill() error {
	for {
		if l.page == nil {
			page, err := l.pages.ReadPage()
			if err != nil {
				return err
			}
			l.page, l.values = page, page.Values()
		}
		n, err := l.values.ReadValues(l.buffer[:])
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n > 0 {
			l.held = l.buffer[:n]
			return nil
		}
		l.release()
	}
}

func (l *leafCursor) release() {
	if l.page != nil {
		pq.Release(l.page)
	}
	l.page, l.values, l.held = nil, nil, nil
}
