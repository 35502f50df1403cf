package identity

import (
	"math/bits"
	"slices"

	"github.com/tandemdata/tandem/sinks/parquet/internal/paged"
)

// Row is a row of a file: the digest of its identity, its number, and its origin.
type Row struct {
	hi      uint64
	lo, Row uint32
	Origin  Origin
}

// Digest is that of the row's identity.
func (r *Row) Digest() Digest { return Digest{r.hi, r.lo} }

// partOf is the part of all digests that one belongs to, of 2^bits equal ones.
func partOf(hi uint64, bits int) uint64 { return hi >> (64 - bits) }

// few rows are sorted by insertion.
const few = 32

// sortedRows sorts rows by digest, and those of one digest as they stand in the
// file. Digests of identities are as good as random, so each row is put into one
// of many small parts first, of which most are right at once; not all, for an
// identity may have many rows.
func sortedRows(rows paged.List[Row]) []Row {
	fine := bits.Len(uint(rows.Len() / 8))
	next := make([]uint32, 1<<fine+1)
	for _, page := range rows {
		for i := range page {
			next[partOf(page[i].hi, fine)+1]++
		}
	}
	for i := range next[1:] {
		next[i+1] += next[i]
	}
	out := make([]Row, rows.Len())
	for _, page := range rows {
		for _, x := range page {
			at := &next[partOf(x.hi, fine)]
			out[*at] = x
			*at++
		}
	}
	from := uint32(0)
	for _, to := range next[:1<<fine] {
		if part := out[from:to]; len(part) <= few {
			insertionSort(part)
		} else {
			slices.SortStableFunc(part, func(a, b Row) int { return a.Digest().Compare(b.Digest()) })
		}
		from = to
	}
	return out
}

func insertionSort(list []Row) {
	for i := 1; i < len(list); i++ {
		x, j := list[i], i
		for ; j > 0 && (list[j-1].hi > x.hi || list[j-1].hi == x.hi && list[j-1].lo > x.lo); j-- {
			list[j] = list[j-1]
		}
		list[j] = x
	}
}
