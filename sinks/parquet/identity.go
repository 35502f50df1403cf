package parquet

import (
	"github.com/parquet-go/parquet-go/bloom/xxhash"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// entry is what a commit must know of a row that it holds: its identity, its
// order, and the span that it is counted in. It has no pointers, so that a
// million of them cost the garbage collector nothing.
type entry struct {
	digest feature.Digest
	key    uint64 // hash of the filter's column, as bloom filters have it
	time   int64  // in the event time's own unit
	offset int64
	lane   uint32 // in cut.lanes
	span   uint32 // in laneCut.spans
	delete bool
}

// entries are those of a file, in pages, so that they don't move as they grow.
type entries [][]entry

const entryPage = 4096

func (s *entries) add(e entry) {
	n := len(*s)
	if n == 0 || len((*s)[n-1]) == entryPage {
		*s = append(*s, make([]entry, 0, entryPage))
		n++
	}
	(*s)[n-1] = append((*s)[n-1], e)
}

func (s entries) len() int {
	if len(s) == 0 {
		return 0
	}
	return (len(s)-1)*entryPage + len(s[len(s)-1])
}

func (s entries) at(i int) *entry { return &s[i/entryPage][i%entryPage] }

func (s entries) all(yield func(*entry) bool) {
	for i := range s.len() {
		if !yield(s.at(i)) {
			return
		}
	}
}

// rowRef names a row of a cut.
type rowRef struct{ file, row uint32 }

func (c *cut) entry(r rowRef) *entry { return c.files[r.file].entries.at(int(r.row)) }

func (c *cut) version(e *entry) feature.Version {
	p := c.lanes[e.lane].lane.Place
	return feature.Version{Time: e.time, Delete: e.delete, Epoch: p.Epoch, Partition: p.Partition, Offset: e.offset}
}

// index finds the winning row of each identity of a cut. It is open addressing
// over row references, of which the first slot is the one of the digest.
type index struct {
	cut   *cut
	slots []uint64 // file<<32 | row, plus one; 0 is free
	mask  uint64
}

// fate is what became of a row of a cut in its commit.
type lost struct {
	row  rowRef
	fate feature.Fate
}

// newIndex resolves a cut in itself: of rows of one identity the greatest, by
// the group's order, wins, and the others are lost.
func newIndex(c *cut, order feature.Order) (*index, []lost) {
	size := uint64(16)
	for size < 2*uint64(c.rows) {
		size *= 2
	}
	x := &index{cut: c, slots: make([]uint64, size), mask: size - 1}
	var losers []lost
	for f := range c.files {
		for r := range c.files[f].entries.len() {
			if l, ok := x.add(rowRef{uint32(f), uint32(r)}, order); ok {
				losers = append(losers, l)
			}
		}
	}
	return x, losers
}

// add enters a row and gives the one that lost by it, if one did.
func (x *index) add(r rowRef, order feature.Order) (lost, bool) {
	e := x.cut.entry(r)
	slot, held := x.slot(e.digest)
	if !held {
		x.slots[slot] = refTo(r)
		return lost{}, false
	}
	other := deref(x.slots[slot])
	switch o := order.Compare(x.cut.version(e), x.cut.version(x.cut.entry(other))); {
	case o == 0:
		return lost{r, feature.Duplicate}, true
	case o < 0:
		return lost{r, feature.Superseded}, true
	}
	x.slots[slot] = refTo(r)
	return lost{other, feature.Superseded}, true
}

// find is the winning row of an identity.
func (x *index) find(d feature.Digest) (rowRef, bool) {
	slot, held := x.slot(d)
	if !held {
		return rowRef{}, false
	}
	return deref(x.slots[slot]), true
}

// slot is where an identity is, or would be.
func (x *index) slot(d feature.Digest) (i uint64, held bool) {
	for i = d.Lo & x.mask; ; i = (i + 1) & x.mask {
		if x.slots[i] == 0 {
			return i, false
		}
		if x.cut.entry(deref(x.slots[i])).digest == d {
			return i, true
		}
	}
}

func refTo(r rowRef) uint64 { return uint64(r.file)<<32 | uint64(r.row) + 1 }

func deref(v uint64) rowRef { return rowRef{uint32((v - 1) >> 32), uint32(v - 1)} }

// keyHash is the hash of a value of a filtered column, as the file's bloom
// filter has it: of its plain encoding.
func (c *column) keyHash(src *feature.Column, i int) uint64 {
	switch c.field.Kind {
	case feature.Int32:
		return c.intHash(int64(src.Int32s[i]))
	case feature.Int64:
		return c.intHash(src.Int64s[i])
	}
	return xxhash.Sum64(src.Slice(i))
}

func (c *column) intHash(x int64) uint64 {
	x *= scaleOf(c.field)
	if c.field.Kind == feature.Int32 && scaleOf(c.field) == 1 {
		return xxhash.Sum64Uint32(uint32(x))
	}
	return xxhash.Sum64Uint64(uint64(x))
}
