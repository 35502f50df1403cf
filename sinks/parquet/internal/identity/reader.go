package identity

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
)

// Reader is the index of one file, of which the rows stay on disk.
type Reader struct {
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

// Open reads what a file has in front of a place, that of its footer; nil if
// that isn't an index of this table's digests.
func Open(in io.ReaderAt, end int64, mark uint64) (*Reader, error) {
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
	x := &Reader{in: in, rows: le.Uint32(t), bits: int(le.Uint32(t[4:]))}
	if x.bits > 32 {
		return nil, ErrDamaged
	}
	size := int64(partBytes)<<x.bits + int64(le.Uint32(t[8:]))*sourceBytes
	x.at = end - trailerSize - size - int64(x.rows)*RowBytes
	if x.at < 0 {
		return nil, ErrDamaged
	}
	b := make([]byte, size+trailerSize)
	if _, err := in.ReadAt(b, end-int64(len(b))); err != nil {
		return nil, err
	}
	if crc32.Checksum(b[:len(b)-8], castagnoli) != le.Uint32(t[20:]) {
		return nil, ErrDamaged
	}
	x.parse(b[:size])
	return x, nil
}

func (x *Reader) parse(b []byte) {
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
