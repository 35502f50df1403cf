package insync

import (
	"encoding/binary"
	"errors"
	"hash/maphash"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// entry is what is kept of a row for the comparison: its key, its place, and a
// hash that stands for its values.
type entry struct {
	key     []byte // each column by feature.AppendValue
	version feature.Version
	time    int64 // the record's
	content uint64
	only    bool // it was meant for its store alone
}

const (
	isDelete = 1 << iota
	isOnly
)

// fixed is how long an entry is without its key, whose length is before it.
const fixed = 8 + 4 + 4 + 8 + 8 + 8 + 1

func (e *entry) append(dst []byte) []byte {
	dst = append(binary.AppendUvarint(dst, uint64(len(e.key))), e.key...)
	return e.appendRow(dst)
}

// appendRow is an entry without its key.
func (e *entry) appendRow(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(e.version.Time))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(e.version.Epoch))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(e.version.Partition))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(e.version.Offset))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(e.time))
	dst = binary.LittleEndian.AppendUint64(dst, e.content)
	flags := byte(0)
	if e.version.Delete {
		flags |= isDelete
	}
	if e.only {
		flags |= isOnly
	}
	return append(dst, flags)
}

var errScratch = errors.New("a scratch file isn't what was written")

// cutKey takes the key off the front of an entry.
func cutKey(b []byte) (key, rest []byte, err error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || uint64(len(b)-size) < n {
		return nil, nil, errScratch
	}
	return b[size : size+int(n)], b[size+int(n):], nil
}

// cut takes an entry off the front of b, which its key goes on to point into.
func (e *entry) cut(b []byte) (rest []byte, err error) {
	if e.key, b, err = cutKey(b); err != nil {
		return nil, err
	}
	return e.cutRow(b)
}

func (e *entry) cutRow(b []byte) (rest []byte, err error) {
	if len(b) < fixed {
		return nil, errScratch
	}
	flags := b[fixed-1]
	e.version = feature.Version{
		Time:      int64(binary.LittleEndian.Uint64(b)),
		Epoch:     int32(binary.LittleEndian.Uint32(b[8:])),
		Partition: int32(binary.LittleEndian.Uint32(b[12:])),
		Offset:    int64(binary.LittleEndian.Uint64(b[16:])),
		Delete:    flags&isDelete != 0,
	}
	e.time, e.content = int64(binary.LittleEndian.Uint64(b[24:])), binary.LittleEndian.Uint64(b[32:])
	e.only = flags&isOnly != 0
	return b[fixed:], nil
}

// encoder makes entries of rows. Hashes are those of one run.
type encoder struct {
	schema *feature.Schema
	seed   maphash.Seed
	buf    []byte
}

// key is that of row i, in the encoder's memory until the next.
func (x *encoder) key(rows *feature.Scanned, i int) []byte {
	x.buf = x.buf[:0]
	for _, k := range x.schema.Keys() {
		x.buf = rows.Columns[k].AppendValue(x.buf, i)
	}
	return x.buf
}

// of is row i; its key is in the encoder's memory until the next.
func (x *encoder) of(rows *feature.Scanned, i int) entry {
	x.key(rows, i)
	e := entry{version: rows.Versions[i], time: rows.RecordTimes[i], only: rows.Only[i]}
	n := len(x.buf)
	if !e.version.Delete { // which has no values
		for c := range rows.Columns {
			x.buf = rows.Columns[c].AppendValue(x.buf, i)
		}
	}
	e.key, e.content = x.buf[:n:n], maphash.Bytes(x.seed, x.buf[n:])
	return e
}

// keyOf are the values of a key that was encoded.
func keyOf(key []byte) (values []any, err error) {
	for len(key) > 0 {
		var v any
		if v, key, err = feature.CutValue(key); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}
