package identity

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"
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
	partBytes   = 8
	sourceBytes = 16
	trailerSize = 28
	partRows    = 128 // at most, on average
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// RowBytes is how much of an index is a row's, but for a little of its head.
const RowBytes = 24

// ErrDamaged is of an index that is there but can't be read.
var ErrDamaged = errors.New("its index of identities is damaged")

// Write writes the index to its file. The mark is its table's.
func (x *Index) Write(out io.Writer, mark uint64) error {
	le := binary.LittleEndian
	n := bits.Len(uint(len(x.Rows) / partRows))
	head := make([]byte, 0, partBytes<<n+len(x.sources)*sourceBytes+trailerSize)
	b := make([]byte, 0, 64<<10)
	at := 0
	for part := range uint64(1) << n {
		from := at
		for at < len(x.Rows) && partOf(x.Rows[at].hi, n) == part {
			at++
		}
		b = b[:0]
		for i := from; i < at; i++ {
			b = x.Rows[i].appendTo(b)
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
		head = le.AppendUint32(le.AppendUint32(head, uint32(at)), crc32.Checksum(b, castagnoli))
	}
	for _, s := range x.sources {
		head = le.AppendUint64(le.AppendUint32(le.AppendUint32(head, uint32(s.epoch)), uint32(s.partition)), uint64(s.base))
	}
	for _, n := range []int{len(x.Rows), n, len(x.sources)} {
		head = le.AppendUint32(head, uint32(n))
	}
	head = le.AppendUint64(head, mark)
	head = le.AppendUint32(head, crc32.Checksum(head, castagnoli))
	_, err := out.Write(append(head, indexMagic...))
	return err
}

func (r *Row) appendTo(b []byte) []byte {
	le := binary.LittleEndian
	return le.AppendUint64(le.AppendUint32(le.AppendUint32(le.AppendUint64(b, r.hi), r.lo), r.Row), uint64(r.Origin))
}

func rowFrom(b []byte) Row {
	le := binary.LittleEndian
	return Row{le.Uint64(b), le.Uint32(b[8:]), le.Uint32(b[12:]), Origin(le.Uint64(b[16:]))}
}
