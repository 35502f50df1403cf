package parquet

import (
	"encoding/binary"
	"errors"
	"io"
	"os"

	iceio "github.com/apache/iceberg-go/io"
	pq "github.com/parquet-go/parquet-go"
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

// finderOf reads a file's index of identities, or makes it of its columns, which
// have checksums of their own: where others wrote the file, and where the index
// is damaged.
func (l *lake) finderOf(in iceio.File, f stored) (finder, error) {
	end, err := footerAt(in, f.size)
	if err != nil {
		return nil, err
	}
	if x, err := readIndex(in, end, l.digester.mark()); x != nil || err != nil {
		return x, err
	}
	return l.madeOf(in, f)
}

func (l *lake) madeOf(in iceio.File, f stored) (finder, error) {
	if err := l.disk.check("read keys", f.uri); err != nil {
		return nil, err
	}
	made, err := l.contentsOf(in, f.size)
	if err != nil {
		return nil, err
	}
	return &madeIndex{sortedRows(made.rows), made.sources}, nil
}

// contentsOf reads the columns that an index is made of: 24 bytes a row.
func (l *lake) contentsOf(in iceio.File, size int64) (*contents, error) {
	file, err := pq.OpenFile(in, size, pq.SkipPageIndex(true))
	if err != nil {
		return nil, err
	}
	made := &contents{}
	for _, g := range file.RowGroups() {
		if err := made.addGroup(l, g); err != nil {
			return nil, err
		}
	}
	return made, nil
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
	made, err := l.contentsOf(f, info.Size())
	if err != nil {
		return err
	}
	footer := make([]byte, info.Size()-end)
	if _, err := f.ReadAt(footer, end); err != nil {
		return err
	}
	if _, err := f.Seek(end, io.SeekStart); err != nil {
		return err
	}
	if err := writeIndex(out, sortedRows(made.rows), made.sources, l.digester.mark()); err != nil {
		return err
	}
	_, err = out.Write(footer)
	return err
}
