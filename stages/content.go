package stages

import (
	"hash/maphash"
	"math"
	"math/bits"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// contents hashes all that a store keeps of each row but its place in the log:
// what Rows.AppendContent encodes, and the time. It goes column by column,
// which is several times as fast as encoding rows. Seeds are the stage's own.
//
// 64 bits do: they are only compared with those of one other row.
type contents struct {
	seed   maphash.Seed
	odd    uint64 // the multiplier
	absent uint64 // stands for a null
	row    []uint64
	was    []uint64 // row, before a column was added
}

func newContents() contents {
	seed := maphash.MakeSeed()
	return contents{seed: seed, odd: maphash.String(seed, "multiplier") | 1, absent: maphash.String(seed, "null")}
}

// of gives the hash of every row, valid until the next call. Where a row's life
// depends on its record's timestamp, that is a part of it.
func (c *contents) of(rows *feature.Rows, expires bool) []uint64 {
	c.row = c.row[:0]
	for i := range rows.Len() {
		t := rows.Time(i)
		if expires {
			t = rows.Records[i].Timestamp
		}
		c.row = append(c.row, c.mix(uint64(rows.Ops[i]), uint64(t)))
	}
	for k := range rows.Columns {
		c.column(&rows.Columns[k], uint64(k+1)*c.odd)
	}
	return c.row
}

// mix adds a value to a sum: the product's halves, folded.
func (c *contents) mix(sum, v uint64) uint64 {
	hi, lo := bits.Mul64(sum^bits.RotateLeft64(c.odd, 31)^v, c.odd)
	return hi ^ lo
}

// column adds a column to the sums of its rows, with a salt of its own. A null
// adds nothing: a row is what it was before the group got the column.
func (c *contents) column(col *feature.Column, salt uint64) {
	h := c.row
	if col.Valid != nil {
		c.was = append(c.was[:0], h...)
	}
	for i := range h {
		h[i] ^= salt
	}
	switch col.Field.Kind {
	case feature.Int64:
		for i, v := range col.Int64s[:len(h)] {
			h[i] = c.mix(h[i], uint64(v))
		}
	case feature.Float64:
		for i, v := range col.Float64s[:len(h)] {
			h[i] = c.mix(h[i], math.Float64bits(v))
		}
	case feature.String, feature.Bytes:
		for i := range h {
			h[i] = c.mix(h[i], maphash.Bytes(c.seed, col.Slice(i)))
		}
	default:
		for i := range h {
			h[i] = c.value(h[i], col, i)
		}
	}
	for i, valid := range col.Valid {
		if !valid {
			h[i] = c.was[i]
		}
	}
}

// value adds the value of row i, without its validity.
func (c *contents) value(h uint64, col *feature.Column, i int) uint64 {
	switch col.Field.Kind {
	case feature.Bool:
		if col.Bools[i] {
			return c.mix(h, 1)
		}
		return c.mix(h, 0)
	case feature.Int32:
		return c.mix(h, uint64(col.Int32s[i]))
	case feature.Int64:
		return c.mix(h, uint64(col.Int64s[i]))
	case feature.Float32:
		return c.mix(h, uint64(math.Float32bits(col.Float32s[i])))
	case feature.Float64:
		return c.mix(h, math.Float64bits(col.Float64s[i]))
	case feature.String, feature.Bytes:
		return c.mix(h, maphash.Bytes(c.seed, col.Slice(i)))
	}
	return c.nested(h, col, i)
}

func (c *contents) nested(h uint64, col *feature.Column, i int) uint64 {
	switch col.Field.Kind {
	case feature.Struct:
		for k := range col.Children {
			h = c.item(h, &col.Children[k], i)
		}
		return h
	case feature.Map:
		// A sum: the order of the entries says nothing.
		from, to := col.Items(i)
		keys, values := col.Entries()
		sum := uint64(to - from)
		for j := from; j < to; j++ {
			sum += c.item(c.mix(c.odd, maphash.Bytes(c.seed, keys.Slice(j))), values, j)
		}
		return c.mix(h, sum)
	}
	return c.list(h, col, i)
}

func (c *contents) list(h uint64, col *feature.Column, i int) uint64 {
	from, to := col.Items(i)
	h = c.mix(h, uint64(to-from))
	items := col.Elem()
	if items.Field.Kind == feature.Float32 && items.Valid == nil { // an embedding
		for _, v := range items.Float32s[from:to] {
			h = c.mix(h, uint64(math.Float32bits(v)))
		}
		return h
	}
	for j := from; j < to; j++ {
		h = c.item(h, items, j)
	}
	return h
}

// item adds row i of a nested column, null or not.
func (c *contents) item(h uint64, col *feature.Column, i int) uint64 {
	if col.Null(i) {
		return c.mix(h, c.absent)
	}
	return c.value(h, col, i)
}
