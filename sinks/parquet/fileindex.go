package parquet

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"
	"slices"
)

// A data file has an index of its rows' identities between its pages and its
// footer, where readers of Parquet don't look: they go from the footer to the
// pages that it names. By it a later commit finds the rows that it replaces in
// time that depends on how many those are. All numbers are little-endian.
//
//	rows        by digest: digest (8 and 4 bytes), row (4), origin (8)
//	directory   of each of 2^bits equal parts of all digests: where its rows end
//	            (4), CRC-32C of them (4)
//	sources     epoch (4), partition (4), what their offsets have above 46 bits (8)
//	trailer     how many rows, bits and sources (4 each), the table's mark (8),
//	            CRC-32C of all from the directory on (4), indexMagic (4)
//
// An origin is 46 bits of the offset, above 17 of the source, above one for deletes.
// Of a file that has no index, or one that is damaged or of another version, the
// columns are read.
const (
	indexMagic  = "TID1"
	rowBytes    = 24
	partBytes   = 8
	sourceBytes = 16
	trailerSize = 28
	partRows    = 128 // at most, on average
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errIndex is an index that can't be one.
var errIndex = errors.New("its index of identities is damaged")

// writeIndex writes the index of a file's rows, sorted by digest.
func writeIndex(out io.Writer, rows []indexed, sources []source, mark uint64) error {
	le := binary.LittleEndian
	n := bits.Len(uint(len(rows) / partRows))
	head := make([]byte, 0, partBytes<<n+len(sources)*sourceBytes+trailerSize)
	b := make([]byte, 0, 64<<10)
	at := 0
	for part := range uint64(1) << n {
		from := at
		for at < len(rows) && partOf(rows[at].hi, n) == part {
			at++
		}
		b = b[:0]
		for i := from; i < at; i++ {
			b = rows[i].appendTo(b)
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
		head = le.AppendUint32(le.AppendUint32(head, uint32(at)), crc32.Checksum(b, castagnoli))
	}
	for _, s := range sources {
		head = le.AppendUint64(le.AppendUint32(le.AppendUint32(head, uint32(s.epoch)), uint32(s.partition)), uint64(s.base))
	}
	for _, n := range []int{len(rows), n, len(sources)} {
		head = le.AppendUint32(head, uint32(n))
	}
	head = le.AppendUint64(head, mark)
	head = le.AppendUint32(head, crc32.Checksum(head, castagnoli))
	_, err := out.Write(append(head, indexMagic...))
	return err
}

func (x *indexed) appendTo(b []byte) []byte {
	le := binary.LittleEndian
	return le.AppendUint64(le.AppendUint32(le.AppendUint32(le.AppendUint64(b, x.hi), x.lo), x.row), x.origin)
}

func indexedFrom(b []byte) indexed {
	le := binary.LittleEndian
	return indexed{le.Uint64(b), le.Uint32(b[8:]), le.Uint32(b[12:]), le.Uint64(b[16:])}
}

// fileIndex is the index of one file, of which the rows stay on disk.
type fileIndex struct {
	in      io.ReaderAt
	at      int64 // of the rows
	rows    uint32
	bits    int
	parts   []part
	sources []source
	window  window
}

// part are the rows of one part of all digests.
type part struct{ end, sum uint32 }

// readIndex reads what a file has in front of a place, that of its footer; nil if
// that isn't an index of this table's digests.
func readIndex(in io.ReaderAt, end int64, mark uint64) (*fileIndex, error) {
	le := binary.LittleEndian
	t := make([]byte, trailerSize)
	if end < trailerSize {
		return nil, nil
	}
	if _, err := in.ReadAt(t, end-trailerSize); err != nil {
		return nil, err
	}
	if string(t[24:]) != indexMagic || le.Uint64(t[12:]) != mark {
		return nil, nil
	}
	x := &fileIndex{in: in, rows: le.Uint32(t), bits: int(le.Uint32(t[4:]))}
	if x.bits > 32 {
		return nil, errIndex
	}
	size := int64(partBytes)<<x.bits + int64(le.Uint32(t[8:]))*sourceBytes
	x.at = end - trailerSize - size - int64(x.rows)*rowBytes
	if x.at < 0 {
		return nil, errIndex
	}
	b := make([]byte, size+trailerSize)
	if _, err := in.ReadAt(b, end-int64(len(b))); err != nil {
		return nil, err
	}
	if crc32.Checksum(b[:len(b)-8], castagnoli) != le.Uint32(t[20:]) {
		return nil, errIndex
	}
	x.parse(b[:size])
	return x, nil
}

func (x *fileIndex) parse(b []byte) {
	le := binary.LittleEndian
	x.parts = make([]part, 1<<x.bits)
	for i := range x.parts {
		x.parts[i] = part{le.Uint32(b), le.Uint32(b[4:])}
		b = b[partBytes:]
	}
	for s := range slices.Chunk(b, sourceBytes) {
		x.sources = append(x.sources, source{int32(le.Uint32(s)), int32(le.Uint32(s[4:])), int64(le.Uint64(s[8:]))})
	}
}
