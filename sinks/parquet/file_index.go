package parquet

import (
	"encoding/binary"

	iceio "github.com/apache/iceberg-go/io"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
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
	if x, err := identity.Open(in, end, l.digester.Mark()); x != nil || err != nil {
		return x, err
	}
	return l.madeOf(in, f)
}

func (l *lake) madeOf(in iceio.File, f stored) (finder, error) {
	if x, err := l.side.of(f.uri, l.digester.Mark()); x != nil && err == nil {
		return x, nil
	}
	if err := l.disk.check("read keys", f.uri); err != nil {
		return nil, err
	}
	made, err := l.indexOf(in, f.size)
	if err != nil {
		return nil, err
	}
	_ = l.side.keep(f.uri, made, l.digester.Mark())
	return made, nil
}

// indexOf makes an index of a file's columns: 24 bytes a row.
func (l *lake) indexOf(in iceio.File, size int64) (*identity.Index, error) {
	file, err := pq.OpenFile(in, size, pq.SkipPageIndex(true))
	if err != nil {
		return nil, err
	}
	var b identity.Builder
	for _, g := range file.RowGroups() {
		if err := l.addGroup(&b, g); err != nil {
			return nil, err
		}
	}
	made := b.Index()
	return &made, nil
}

// addGroup reads the keys of a row group, and where its rows come from.
func (l *lake) addGroup(b *identity.Builder, g pq.RowGroup) error {
	var dec column.Decoder
	rows := feature.NewRows(l.schema, feature.TopicPartition{})
	for _, i := range l.layout.identity() {
		if err := dec.Read(g, &l.layout.columns[i], &rows.Columns[i]); err != nil {
			return err
		}
	}
	cols, err := readOwn(&dec, g, l.layout)
	if err != nil {
		return err
	}
	rows.Records = make([]feature.Record, g.NumRows())
	rows.Ops = make([]feature.Op, g.NumRows())
	rows.Seal()
	var buf []byte
	for i := range rows.Len() {
		var d identity.Digest
		d, buf = l.digester.Of(buf, rows, i)
		b.Add(d, cols.version(i, 0))
	}
	return b.Err()
}
