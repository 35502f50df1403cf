package window

import (
	"math/bits"
	"sync/atomic"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Partitions notes in which partition each key was seen last, for all lanes of a
// node at once, in this process. It has one place for two keys that are to be
// remembered, and a later key takes the place of an earlier one: so it may miss a key
// that moved once and seldom comes, but hardly one of many, or one that moves
// again and again.
//
// A note has no lock: it is one word, 51 bits of a key and 12 of its partition. Of
// a million rows a second, each met by another key in its place, two keys
// are taken for one once in 70 years. Partitions that are equal but for a
// multiple of 4096 are taken for one.
type Partitions struct {
	notes []atomic.Uint64
}

const (
	partitionBits = 12
	partitionMask = 1<<partitionBits - 1
)

// NewPartitions knows no key yet.
func NewPartitions(keys int) *Partitions {
	return &Partitions{make([]atomic.Uint64, max(keys/2, 1))}
}

// Lane is how one lane notes its keys. It isn't safe for use by several.
type Lane struct {
	*Partitions
	stale []int32 // rows whose note is to be written
}

// Visit notes the keys of a batch's pending rows, and gives the first row whose
// key was in another partition before, and which that was; -1 if there is none.
// Rows that are replayed say nothing: partitions may have been added after them.
//
// All notes are read before any is written: reads overlap, and a write waits for
// those before it.
func (l *Lane) Visit(rows *feature.Rows) (moved int, was int32) {
	partition := uint64(rows.Partition) & partitionMask
	l.stale = l.stale[:0]
	for i := range rows.Len() {
		if !rows.Pending(i) {
			continue
		}
		key := rows.KeyDigest(i)
		note := l.place(key).Load()
		switch differs := note ^ noteOf(key, partition); {
		case differs == 0:
		case differs&^partitionMask == 0:
			return i, int32(note & partitionMask)
		default:
			l.stale = append(l.stale, int32(i))
		}
	}
	for _, i := range l.stale {
		key := rows.KeyDigest(int(i))
		l.place(key).Store(noteOf(key, partition))
	}
	return -1, 0
}

func (p *Partitions) place(key feature.Digest) *atomic.Uint64 {
	i, _ := bits.Mul64(key.Hi, uint64(len(p.notes)))
	return &p.notes[i]
}

// noteOf is never zero.
func noteOf(key feature.Digest, partition uint64) uint64 {
	return (key.Lo|1<<partitionBits)&^partitionMask | partition
}
