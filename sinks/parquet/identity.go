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

// entry is what a commit must know of a row that it holds: its order, and the
// span that it is counted in. It has no pointers, so that a million of them cost
// the garbage collector nothing.
type entry struct {
	time   int64 // in the event time's own unit
	offset int64
	lane   uint32 // in cut.lanes
	span   uint32 // in laneCut.spans
	delete bool
	lost   bool // another row of the cut has its identity, and wins
}

// rowRef names a row of a cut.
type rowRef struct{ file, row uint32 }

func (c *cut) entry(r rowRef) *entry { return c.files[r.file].entries.at(int(r.row)) }

func (c *cut) version(e *entry) feature.Version {
	p := c.lanes[e.lane].lane.Place
	return feature.Version{Time: e.time, Delete: e.delete, Epoch: p.Epoch, Partition: p.Partition, Offset: e.offset}
}
