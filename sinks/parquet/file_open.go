package parquet

import (
	"errors"

	iceio "github.com/apache/iceberg-go/io"
	pq "github.com/parquet-go/parquet-go"
)

// inFile is a file of the table, open for reading.
type inFile struct {
	*pq.File
	raw iceio.File
}

func openFile(d *disk, f stored) (*inFile, error) {
	raw, err := d.Open(f.uri)
	if err != nil {
		return nil, err
	}
	file, err := pq.OpenFile(raw, f.size, pq.SkipPageIndex(true))
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return &inFile{file, raw}, nil
}

func (f *inFile) Close() error { return f.raw.Close() }
