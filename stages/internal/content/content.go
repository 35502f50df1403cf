// Package content hashes what rows say, so that equal rows are found without
// keeping them.
package content

import (
	"hash/maphash"
	"math"
	"math/bits"
	"unsafe"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Hasher hashes all that a store keeps of each row but its place in the log:
// what Rows.AppendContent encodes, and the time. It goes column by column,
// which is several times as fast as encoding rows. Seeds are the hasher's own.
//
// 64 bits do: they are only compared with those of one other row.
type Hasher struct {
	// Expires says that a row's life depends on its record's timestamp, which is
	// a part of its content then.
	Expires bool

	seed   maphash.Seed
	odd    uint64 // the multiplier
	absent uint64 // stands for a null
	row    []uint64
	was    []uint64 // row, before a column was added
}

// NewHasher makes a hasher with seeds of its own.
func NewHasher() Hasher {
	seed := maphash.MakeSeed()
	return Hasher{seed: seed, odd: maphash.String(seed, "multiplier") | 1, absent: maphash.String(seed, "null")}
}

// Of gives the hash of every row, valid until the next call.
func (h *Hasher) Of(rows *feature.Rows) []uint64 {
	h.row = h.row[:0]
	for i := range rows.Len() {
		t := rows.Time(i)
		if h.Expires {
			t = rows.Records[i].Timestamp
		}
		h.row = append(h.row, h.mix(uint64(rows.Ops[i]), uint64(t)))
	}
	for k := range rows.Columns {
		h.column(&rows.Columns[k], uint64(k+1)*h.odd)
	}
	return h.row
}

// mix adds a value to a sum: the product's halves, folded.
func (h *Hasher) mix(sum, v uint64) uint64 { return mix(h.odd, sum, v) }

func mix(odd, sum, v uint64) uint64 {
	hi, lo := bits.Mul64(sum^bits.RotateLeft64(odd, 31)^v, odd)
	return hi ^ lo
}

// column adds a column to the sums of its rows, with a salt of its own. A null
// adds nothing: a row is what it was before the group got the column.
func (h *Hasher) column(col *feature.Column, salt uint64) {
	sums := h.row
	if col.Valid != nil {
		h.was = append(h.was[:0], sums...)
	}
	h.add(sums, col, salt)
	for i, valid := range col.Valid {
		if !valid {
			sums[i] = h.was[i]
		}
	}
}

func (h *Hasher) add(sums []uint64, col *feature.Column, salt uint64) {
	odd := h.odd
	switch col.Field.Kind {
	case feature.Int32:
		for i, v := range col.Int32s[:len(sums)] {
			sums[i] = mix(odd, sums[i]^salt, uint64(v))
		}
	case feature.Int64:
		for i, v := range col.Int64s[:len(sums)] {
			sums[i] = mix(odd, sums[i]^salt, uint64(v))
		}
	case feature.Float64:
		for i, v := range col.Float64s[:len(sums)] {
			sums[i] = mix(odd, sums[i]^salt, math.Float64bits(v))
		}
	case feature.String, feature.Bytes:
		for i := range sums {
			sums[i] = mix(odd, sums[i]^salt, h.bytes(col.Slice(i)))
		}
	default:
		for i := range sums {
			sums[i] = h.value(sums[i]^salt, col, i)
		}
	}
}

func (h *Hasher) bytes(b []byte) uint64 { return maphash.Bytes(h.seed, b) }

// value adds the value of row i, without its validity.
func (h *Hasher) value(sum uint64, col *feature.Column, i int) uint64 {
	switch col.Field.Kind {
	case feature.Bool:
		if col.Bools[i] {
			return h.mix(sum, 1)
		}
		return h.mix(sum, 0)
	case feature.Int32:
		return h.mix(sum, uint64(col.Int32s[i]))
	case feature.Int64:
		return h.mix(sum, uint64(col.Int64s[i]))
	case feature.Float32:
		return h.mix(sum, uint64(math.Float32bits(col.Float32s[i])))
	case feature.Float64:
		return h.mix(sum, math.Float64bits(col.Float64s[i]))
	case feature.String, feature.Bytes:
		return h.mix(sum, h.bytes(col.Slice(i)))
	}
	return h.nested(sum, col, i)
}

func (h *Hasher) nested(sum uint64, col *feature.Column, i int) uint64 {
	switch col.Field.Kind {
	case feature.Struct:
		for k := range col.Children {
			sum = h.item(sum, &col.Children[k], i)
		}
		return sum
	case feature.Map:
		// A sum: the order of the entries says nothing.
		from, to := col.Items(i)
		keys, values := col.Entries()
		entries := uint64(to - from)
		for j := from; j < to; j++ {
			entries += h.item(h.mix(h.odd, h.bytes(keys.Slice(j))), values, j)
		}
		return h.mix(sum, entries)
	}
	return h.list(sum, col, i)
}

func (h *Hasher) list(sum uint64, col *feature.Column, i int) uint64 {
	from, to := col.Items(i)
	sum = h.mix(sum, uint64(to-from))
	items := col.Elem()
	if items.Valid == nil { // numbers lie side by side: an embedding is hashed at once
		switch items.Field.Kind {
		case feature.Float32:
			return h.mix(sum, h.bytes(inMemory(items.Float32s[from:to])))
		case feature.Float64:
			return h.mix(sum, h.bytes(inMemory(items.Float64s[from:to])))
		case feature.Int64:
			return h.mix(sum, h.bytes(inMemory(items.Int64s[from:to])))
		}
	}
	for j := from; j < to; j++ {
		sum = h.item(sum, items, j)
	}
	return sum
}

// inMemory are the bytes of numbers as they lie there, floats to the bit.
func inMemory[T float32 | float64 | int64](list []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(list))), len(list)*int(unsafe.Sizeof(T(0))))
}

// item adds row i of a nested column, null or not.
func (h *Hasher) item(sum uint64, col *feature.Column, i int) uint64 {
	if col.Null(i) {
		return h.mix(sum, h.absent)
	}
	return h.value(sum, col, i)
}
