package parquet

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// digest stands for an identity, in files too: 96 bits, so that among ten
// million rows that meet ten million others two are taken for one with a chance
// of 1e-15.
type digest struct {
	hi uint64
	lo uint32
}

// digester digests the identities of one table, in every process the same. Its
// seed is of the table's own UUID: those who only send rows don't know it, and so
// can't aim at two identities of one digest.
type digester struct{ seed uint64 }

func newDigester(table [16]byte) digester {
	return digester{binary.BigEndian.Uint64(table[:]) ^ binary.LittleEndian.Uint64(table[8:])}
}

// of digests row i; buf is room for its identity, and given back.
func (d digester) of(buf []byte, rows *feature.Rows, i int) (digest, []byte) {
	buf = rows.Identity(buf[:0], i, feature.Offline)
	h := xxh3.Hash128Seed(buf, d.seed)
	return digest{h.Hi, uint32(h.Lo)}, buf
}

// mark tells files of this table from those of others, which have other digests.
func (d digester) mark() uint64 { return xxh3.HashSeed([]byte("tandem"), d.seed) }

// entry is what a commit must know of a row that it holds, beside its digest and
// its origin: the event time, and the span that it is counted in. It has no
// pointers, so that a million of them cost the garbage collector nothing.
type entry struct {
	time int64  // in the event time's own unit
	span uint32 // in laneCut.spans
	lane uint32 // in cut.lanes, below a bit that is set once the row is lost
}

// lostBit says that another row of the cut has the row's identity, and wins.
const lostBit = 1 << 31

func (e *entry) lost() bool { return e.lane&lostBit != 0 }

func (e *entry) lose() { e.lane |= lostBit }

// rowRef names a row of a cut.
type rowRef struct{ file, row uint32 }

func (c *cut) entry(r rowRef) *entry { return c.files[r.file].entries.at(int(r.row)) }

// version is what a row of a cut is ordered by.
func (c *cut) version(r rowRef, origin uint64) feature.Version {
	f := c.files[r.file]
	return versionOf(origin, f.contents.sources, f.entries.at(int(r.row)).time)
}
