package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
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
//	rows        by digest: digest (8 and 4 bytes), row (4)
//	directory   of each of 2^bits equal parts of all digests, where its rows end (4)
//	sources     epoch (4), partition (4)
//	stretches   first row (4), source and whether they are deletes (4), offset (8)
//	trailer     how many rows, bits, sources and stretches (4 each), the table's
//	            mark (8), CRC-32C of all from the directory on (4), indexMagic (4)
//
// Of a file that has none, or one of another version, the columns are read.
const (
	indexMagic  = "TID1"
	rowBytes    = 16
	sourceBytes = 8
	trailerSize = 32
	bucketRows  = 128 // on average; a page of the disk holds twice as many
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errIndex is an index that can't be one.
var errIndex = errors.New("its index of identities is damaged")

// writeIndex writes the index of a file's rows, sorted by digest.
func writeIndex(out io.Writer, rows []indexed, o *origins, mark uint64) error {
	b := make([]byte, 0, 64<<10)
	for part := range slices.Chunk(rows, cap(b)/rowBytes) {
		b = b[:0]
		for _, x := range part {
			b = binary.LittleEndian.AppendUint64(b, x.hi)
			b = binary.LittleEndian.AppendUint32(b, x.lo)
			b = binary.LittleEndian.AppendUint32(b, x.row)
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	_, err := out.Write(appendHead(b[:0], rows, o, mark))
	return err
}

// appendHead appends all but the rows.
func appendHead(b []byte, rows []indexed, o *origins, mark uint64) []byte {
	le := binary.LittleEndian
	n := bits.Len(uint(len(rows) / bucketRows))
	at := 0
	for part := range uint64(1) << n {
		for at < len(rows) && bucketOf(rows[at].hi, n) == part {
			at++
		}
		b = le.AppendUint32(b, uint32(at))
	}
	for _, s := range o.sources {
		b = le.AppendUint32(b, uint32(s.epoch))
		b = le.AppendUint32(b, uint32(s.partition))
	}
	for _, s := range o.stretches {
		b = le.AppendUint32(b, s.row)
		b = le.AppendUint32(b, s.source)
		b = le.AppendUint64(b, uint64(s.offset))
	}
	for _, n := range []int{len(rows), n, len(o.sources), len(o.stretches)} {
		b = le.AppendUint32(b, uint32(n))
	}
	b = le.AppendUint64(b, mark)
	b = le.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return append(b, indexMagic...)
}

// fileIndex is the index of one file, of which the rows stay on disk.
type fileIndex struct {
	in        io.ReaderAt
	at        int64 // of the rows
	rows      uint32
	bits      int
	directory []uint32
	origins   origins
	window    []byte // rows that were read last
	from      uint32 // the first of them
}

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
	if string(t[28:]) != indexMagic || le.Uint64(t[16:]) != mark {
		return nil, nil
	}
	x := &fileIndex{in: in, rows: le.Uint32(t), bits: int(le.Uint32(t[4:]))}
	sources, stretches := int64(le.Uint32(t[8:])), int64(le.Uint32(t[12:]))
	if x.bits > 32 {
		return nil, errIndex
	}
	size := int64(4)<<x.bits + sources*sourceBytes + stretches*rowBytes
	x.at = end - trailerSize - size - int64(x.rows)*rowBytes
	if x.at < 0 {
		return nil, errIndex
	}
	b := make([]byte, size+trailerSize)
	if _, err := in.ReadAt(b, end-int64(len(b))); err != nil {
		return nil, err
	}
	if crc32.Checksum(b[:len(b)-8], castagnoli) != le.Uint32(t[24:]) {
		return nil, errIndex
	}
	x.parse(b, int(sources), int(stretches))
	return x, nil
}

func (x *fileIndex) parse(b []byte, sources, stretches int) {
	le := binary.LittleEndian
	x.directory = make([]uint32, 1<<x.bits)
	for i := range x.directory {
		x.directory[i], b = le.Uint32(b), b[4:]
	}
	for range sources {
		x.origins.sources = append(x.origins.sources, source{int32(le.Uint32(b)), int32(le.Uint32(b[4:]))})
		b = b[sourceBytes:]
	}
	x.origins.stretches = make([]stretch, stretches)
	for i := range x.origins.stretches {
		x.origins.stretches[i] = stretch{le.Uint32(b), le.Uint32(b[4:]), int64(le.Uint64(b[8:]))}
		b = b[rowBytes:]
	}
	x.origins.rows = x.rows
}

// windowRows are read at a time where most parts of the index are asked for.
const windowRows = 4096

// find gives the rows of each digest that is asked for, in order. Those must be
// sorted, or rows would be read again and again.
func (x *fileIndex) find(asked []probe, found func(p *probe, row uint32)) error {
	ahead := uint32(0)
	if len(asked)*4 > len(x.directory) {
		ahead = windowRows
	}
	for i := range asked {
		p := &asked[i]
		bucket, err := x.bucket(p.hi, ahead)
		if err != nil {
			return err
		}
		for ; len(bucket) > 0; bucket = bucket[rowBytes:] {
			hi := binary.LittleEndian.Uint64(bucket)
			if hi > p.hi {
				break
			}
			if hi == p.hi && binary.LittleEndian.Uint32(bucket[8:]) == p.lo {
				found(p, binary.LittleEndian.Uint32(bucket[12:]))
			}
		}
	}
	return nil
}

// bucket gives the rows among which one of a digest would be, from the first of
// its high half on, and reads at least so many rows.
func (x *fileIndex) bucket(hi uint64, ahead uint32) ([]byte, error) {
	i := bucketOf(hi, x.bits)
	from, to := uint32(0), x.directory[i]
	if i > 0 {
		from = x.directory[i-1]
	}
	if from > to || to > x.rows {
		return nil, errIndex
	}
	if from < x.from || to > x.from+uint32(len(x.window)/rowBytes) {
		last := min(max(to, from+ahead), x.rows)
		x.from = from
		x.window = slices.Grow(x.window[:0], int(last-from)*rowBytes)[:int(last-from)*rowBytes]
		if _, err := x.in.ReadAt(x.window, x.at+int64(from)*rowBytes); err != nil {
			x.window = x.window[:0]
			return nil, fmt.Errorf("index of identities: %w", err)
		}
	}
	b := x.window[(from-x.from)*rowBytes : (to-x.from)*rowBytes]
	lo, n := 0, len(b)/rowBytes
	for lo < n {
		if mid := (lo + n) / 2; binary.LittleEndian.Uint64(b[mid*rowBytes:]) < hi {
			lo = mid + 1
		} else {
			n = mid
		}
	}
	return b[lo*rowBytes:], nil
}
