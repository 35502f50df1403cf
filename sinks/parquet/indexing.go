package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"

	iceio "github.com/apache/iceberg-go/io"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// tailBytes end every Parquet file: how long the footer in front of them is, and
// a magic number.
const tailBytes = 8

// footerAt is where a file's footer begins.
func footerAt(in iceio.File, size int64) (int64, error) {
	var b [tailBytes]byte
	if _, err := in.ReadAt(b[:], size-tailBytes); err != nil {
		return 0, err
	}
	return size - tailBytes - int64(binary.LittleEndian.Uint32(b[:])), nil
}

// indexOf reads a file's index of identities, or makes it of its columns.
func (l *lake) indexOf(in iceio.File, f stored) (*fileIndex, error) {
	end, err := footerAt(in, f.size)
	if err != nil {
		return nil, err
	}
	x, err := readIndex(in, end, l.digester.mark())
	if x != nil || err != nil {
		return x, err
	}
	if err := l.disk.check("read keys", f.uri); err != nil {
		return nil, err
	}
	made, err := l.makeIndex(in, f.size)
	if err != nil {
		return nil, err
	}
	return readIndex(bytes.NewReader(made), int64(len(made)), l.digester.mark())
}

// makeIndex makes the index of a file that was written by others.
func (l *lake) makeIndex(in iceio.File, size int64) ([]byte, error) {
	file, err := pq.OpenFile(in, size, pq.SkipPageIndex(true))
	if err != nil {
		return nil, err
	}
	var made contents
	for _, g := range file.RowGroups() {
		if err := made.addGroup(l, g); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err = writeIndex(&b, sortedRows(made.rows), &made.origins, l.digester.mark())
	return b.Bytes(), err
}

// contents is what an index is made of.
type contents struct {
	rows    pages[indexed]
	origins origins
}

func (c *contents) add(d digest, s source, offset int64, deletes bool) {
	*c.rows.more() = indexed{d.hi, d.lo, c.origins.rows}
	c.origins.add(s, offset, deletes)
}

// addGroup reads the keys of a row group, and where its rows come from.
func (c *contents) addGroup(l *lake, g pq.RowGroup) error {
	var dec decoder
	rows := feature.NewRows(l.schema, feature.Place{})
	for _, i := range l.layout.identity() {
		if err := dec.read(g, &l.layout.columns[i], &rows.Columns[i]); err != nil {
			return err
		}
	}
	cols, err := dec.readOwn(g, l.layout)
	if err != nil {
		return err
	}
	rows.Records = make([]feature.Record, g.NumRows())
	rows.Ops = make([]feature.Op, g.NumRows())
	rows.Seal()
	var buf []byte
	for i := range rows.Len() {
		var d digest
		d, buf = l.digester.of(buf, rows, i)
		v := cols.version(i, 0)
		c.add(d, source{v.Epoch, v.Partition}, v.Offset, v.Delete)
	}
	return nil
}

// addIndex gives a file that no snapshot names yet the index that it lacks.
func (l *lake) addIndex(uri string) (err error) {
	f, err := os.OpenFile(pathOfURI(uri), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	out := &file{File: f, disk: l.disk}
	defer func() { err = errors.Join(err, out.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end, err := footerAt(f, info.Size())
	if err != nil {
		return err
	}
	index, err := l.makeIndex(f, info.Size())
	if err != nil {
		return err
	}
	footer := make([]byte, info.Size()-end)
	if _, err := f.ReadAt(footer, end); err != nil {
		return err
	}
	_, err = out.WriteAt(append(index, footer...), end)
	return err
}
