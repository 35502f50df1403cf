// Package identity is the index of identities that a data file carries: which of
// its rows have an identity, and what those are ordered by.
//
// A file's rows go into a Builder as they are written. When the file ends, Index
// sorts them by the digests of their identities and Write puts them into the file
// (format.go says how). Later commits Open what is there and Find the rows that
// they replace. Of files that have no index, one is made of the columns.
package identity

import (
	"cmp"
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Digest stands for an identity, in files too: 96 bits, so that among ten
// million rows that meet ten million others two are taken for one with a chance
// of 1e-15.
type Digest struct {
	Hi uint64
	Lo uint32
}

// Compare orders digests as they are in files.
func (d Digest) Compare(o Digest) int {
	if c := cmp.Compare(d.Hi, o.Hi); c != 0 {
		return c
	}
	return cmp.Compare(d.Lo, o.Lo)
}

// Digester digests the identities of one table, in every process the same. Its
// seed is of the table's own UUID: those who only send rows don't know it, and so
// can't aim at two identities of one digest.
type Digester struct{ seed uint64 }

// NewDigester is that of a table with some UUID.
func NewDigester(table [16]byte) Digester {
	return Digester{binary.BigEndian.Uint64(table[:]) ^ binary.LittleEndian.Uint64(table[8:])}
}

// Of digests row i; buf is room for its identity, and given back.
func (d Digester) Of(buf []byte, rows *feature.Rows, i int) (Digest, []byte) {
	buf = rows.Identity(buf[:0], i, feature.Offline)
	h := xxh3.Hash128Seed(buf, d.seed)
	return Digest{h.Hi, uint32(h.Lo)}, buf
}

// Mark is in the indexes of this table's files: those of other tables have other
// marks, and other digests.
func (d Digester) Mark() uint64 { return xxh3.HashSeed([]byte("tandem"), d.seed) }
