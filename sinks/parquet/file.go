package parquet

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
	"github.com/tandemdata/tandem/sinks/parquet/internal/paged"
)

// A row group is closed at whichever comes first.
const (
	groupRows  = 128 << 10
	groupBytes = 64 << 20
	blockRows  = 4096 // rows appended between two looks at its size
)

// dataFile is a file being written. One Write has it at a time.
type dataFile struct {
	layout  *layout
	tuple   tuple // its partition
	out     *spool
	writer  *pq.GenericWriter[any]
	encoder *column.Encoder
	own     ownColumns
	group   int            // rows in the open row group
	groups  []column.Group // what was written to those before it

	entries    paged.List[entry] // row by row, what its commit must know
	identities identity.Builder
	index      identity.Index // of those, once it is ended
	mark       uint64         // of the table, for the index
	ended      bool
	synced     bool

	// Once it is synced.
	meta   iceberg.DataFile
	stored stored
}

// newName is a file name that nobody else will make.
func newName(suffix string) string {
	return fmt.Sprintf("%d-%s%s", time.Now().UnixMilli(), strings.ToLower(rand.Text()[:16]), suffix)
}

func newDataFile(d *disk, l *layout, dir string, mark uint64) (*dataFile, error) {
	f, err := d.create(filepath.Join(dir, newName(".parquet")))
	if err != nil {
		return nil, err
	}
	out := &spool{file: f}
	w := l.writers.get(out, l.options)
	df := &dataFile{layout: l, out: out, writer: w, encoder: column.NewEncoder(w.ColumnWriters()), mark: mark}
	for i := range df.own {
		df.own[i] = feature.NewColumn(own[i])
	}
	return df, nil
}

func (f *dataFile) uri() string { return "file://" + f.out.file.Name() }

// append adds rows of a batch. It has no reason to fail: an error stops the graph.
func (f *dataFile) append(rows *feature.Rows, runs []run, enter func(*dataFile, run)) error {
	times := timesOf(rows)
	for _, r := range runs {
		for from := r.from; from < r.to; from += blockRows {
			block := run{from, min(from+blockRows, r.to), r.deletes}
			if err := f.appendBlock(rows, times, block); err != nil {
				return fmt.Errorf("writing %s: %w", f.out.file.Name(), err)
			}
			enter(f, block)
		}
	}
	return nil
}

func (f *dataFile) appendBlock(rows *feature.Rows, times *feature.Column, r run) (err error) {
	l := f.layout
	for i := range l.schema.Fields {
		switch {
		case r.deletes && !l.keeps(i):
			err = f.encoder.WriteNulls(&l.columns[i], r.to-r.from)
		case i == l.schema.Time():
			err = f.encoder.Write(&l.columns[i], times, r.from, r.to)
		default:
			err = f.encoder.Write(&l.columns[i], &rows.Columns[i], r.from, r.to)
		}
		if err != nil {
			return err
		}
	}
	n := f.fillOwn(rows, r)
	for i := range l.columns[len(l.schema.Fields):] {
		if err := f.encoder.Write(l.own(i), &f.own[i], 0, n); err != nil {
			return err
		}
	}
	return f.grow(n)
}

// grow counts rows that every column has, and closes the row group once it is large.
func (f *dataFile) grow(n int) error {
	f.group += n
	if f.group >= groupRows || f.writer.Size()-f.out.size() >= groupBytes {
		return f.endGroup()
	}
	return nil
}

// endGroup closes the open row group and writes it; the spool keeps what the disk
// does not take.
func (f *dataFile) endGroup() error {
	if f.group == 0 {
		return nil
	}
	f.group, f.groups = 0, append(f.groups, f.encoder.EndGroup())
	if err := f.writer.Flush(); err != nil {
		return err
	}
	_ = f.out.drain()
	return nil
}

// end writes the index of identities and the footer. Nothing is appended after it.
func (f *dataFile) end() error {
	if f.ended {
		return nil
	}
	if err := f.close(); err != nil {
		return fmt.Errorf("writing %s: %w", f.out.file.Name(), err)
	}
	f.layout.writers.put(f.writer)
	f.ended, f.writer, f.encoder, f.identities = true, nil, nil, identity.Builder{}
	_ = f.out.drain()
	return nil
}

func (f *dataFile) close() error {
	if err := f.endGroup(); err != nil {
		return err
	}
	f.index = f.identities.Index()
	return f.out.beforeFooter(f.writer.Close, func() error { return f.index.Write(f.out, f.mark) }, f.mendFooter)
}

// sync makes the file durable. It can be tried again.
func (f *dataFile) sync() error {
	if f.synced {
		return nil
	}
	if err := f.end(); err != nil {
		return err
	}
	if err := f.out.sync(); err != nil {
		return err
	}
	f.synced = true
	return nil
}
