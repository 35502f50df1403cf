package sqlite

import (
	"encoding/binary"
	"math"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// values are what a statement is given, one after the other. They are plain
// memory, so that a batch of them costs no allocation.
type values struct {
	cells []cell
	bytes []byte // of the texts and blobs
}

// cell is a value of one of SQLite's kinds.
type cell struct {
	bits int64  // an integer, the bits of a real, or where a text or blob begins
	size uint32 // of a text or blob
	kind kind
}

type kind uint32

const (
	null kind = iota
	integer
	real
	text
	blob
)

// keptBytes of texts and blobs stay from one statement to the next: a long one
// doesn't hold its memory for good.
const keptBytes = 4 * chunkBytes

func (v *values) reset() {
	v.cells, v.bytes = v.cells[:0], v.bytes[:0]
	if cap(v.bytes) > keptBytes {
		v.bytes = nil
	}
}

func (v *values) null() { v.cells = append(v.cells, cell{}) }

func (v *values) integer(n int64) { v.cells = append(v.cells, cell{bits: n, kind: integer}) }

func (v *values) real(f float64) {
	v.cells = append(v.cells, cell{bits: int64(math.Float64bits(f)), kind: real})
}

func (v *values) bool(b bool) {
	n := int64(0)
	if b {
		n = 1
	}
	v.integer(n)
}

func (v *values) text(b []byte) { v.end(text, append(v.bytes, b...)) }

func (v *values) blob(b []byte) { v.end(blob, append(v.bytes, b...)) }

// end makes a value of the bytes that were added.
func (v *values) end(k kind, bytes []byte) {
	from := len(v.bytes)
	v.cells = append(v.cells, cell{int64(from), uint32(len(bytes) - from), k})
	v.bytes = bytes
}

// add appends row i of a column as the package doc says.
func (v *values) add(c *feature.Column, i int) {
	if c.Null(i) {
		v.null()
		return
	}
	switch c.Field.Kind {
	case feature.Bool:
		v.bool(c.Bools[i])
	case feature.Int32:
		v.integer(int64(c.Int32s[i]))
	case feature.Int64:
		v.integer(c.Int64s[i])
	case feature.Float32:
		v.float32(c.Float32s[i])
	case feature.Float64:
		v.float64(c.Float64s[i])
	case feature.String:
		v.text(c.Slice(i))
	case feature.Bytes:
		if affinity(c.Field) == "TEXT" {
			v.end(text, appendBytes(v.bytes, c, i))
		} else {
			v.blob(c.Slice(i))
		}
	default:
		v.end(text, appendJSON(v.bytes, c, i))
	}
}

func (v *values) float64(f float64) {
	if f != f || f == 0 && math.Signbit(f) {
		v.end(blob, binary.BigEndian.AppendUint64(v.bytes, math.Float64bits(f)))
		return
	}
	v.real(f)
}

// float32 must not widen a NaN: that would change its bits.
func (v *values) float32(f float32) {
	if f != f || f == 0 && math.Signbit(float64(f)) {
		v.end(blob, binary.BigEndian.AppendUint32(v.bytes, math.Float32bits(f)))
		return
	}
	v.real(float64(f))
}
