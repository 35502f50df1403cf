package stages

import (
	"encoding/binary"
	"math/bits"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// table is a hash table of many small ones, each of which grows by itself: that
// takes a fraction of a millisecond, where all at once would take a good part of
// a second for millions of identities. Full, an identity takes 40 bytes. Nothing
// in it is a pointer, so the collector never looks inside.
type table struct {
	segments []segment
	used     int
}

// segmentKeys is how many identities a segment of a full table holds.
const segmentKeys = 1 << 14

// reset empties the table for so many identities, in the memory it has if that
// is of the right size.
func (t *table) reset(most int) {
	t.used = 0
	if n := (most + segmentKeys - 1) / segmentKeys; n != len(t.segments) {
		t.segments = make([]segment, n)
		for i := range t.segments {
			t.segments[i].full = (most + n - 1) / n
		}
		return
	}
	for i := range t.segments {
		t.segments[i].clear()
	}
}

// segment is the one that an identity belongs to.
func (t *table) segment(id feature.Digest) *segment {
	i, _ := bits.Mul64(id.Hi, uint64(len(t.segments)))
	return &t.segments[i]
}

func (t *table) find(id feature.Digest) *slot {
	if t.used == 0 {
		return nil
	}
	s := t.segment(id)
	if s.used == 0 {
		return nil
	}
	if i, found := s.place(tagOf(id), nameOf(id)); found {
		return &s.slots[i]
	}
	return nil
}

// insert adds an identity that isn't there.
func (t *table) insert(id feature.Digest) *slot {
	s := t.segment(id)
	if s.used >= len(s.slots)-len(s.slots)/16 {
		s.grow()
	}
	t.used++
	return s.insert(tagOf(id), nameOf(id))
}

// segment is a hash table of open addressing. Most identities are new, and the
// tags say so without a look at the slots, eight at a time.
type segment struct {
	tags  []uint8 // of the slot's identity, 0 where it is free; behind the last, the first ones again
	slots []slot
	used  int
	full  int // identities in it when the table is full, more or less
}

// slot is an identity with its entry, in bytes so that it takes no more than 34.
type slot struct {
	name                 name
	content, time, flags [8]byte
}

// name is the part of an identity that its slot keeps. With the tag, which stands
// for other bits, 87 of 128 bits have to be equal: among ten million identities
// that happens to two by chance once in 10^12 times.
type name struct {
	lo [8]byte
	hi [2]byte
}

func nameOf(id feature.Digest) (n name) {
	binary.LittleEndian.PutUint64(n.lo[:], id.Lo)
	binary.LittleEndian.PutUint16(n.hi[:], uint16(id.Hi))
	return n
}

func tagOf(id feature.Digest) uint8 { return uint8(id.Hi>>16) | 1 }

func (s *slot) entry() entry {
	return entry{
		binary.LittleEndian.Uint64(s.content[:]),
		int64(binary.LittleEndian.Uint64(s.time[:])), int64(binary.LittleEndian.Uint64(s.flags[:])),
	}
}

func (s *slot) set(e entry) {
	binary.LittleEndian.PutUint64(s.content[:], e.content)
	binary.LittleEndian.PutUint64(s.time[:], uint64(e.time))
	binary.LittleEndian.PutUint64(s.flags[:], uint64(e.flags))
}

const (
	group = 8 // tags that are looked at together
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// place is where an identity is, or the free slot where it would be.
func (s *segment) place(tag uint8, id name) (i int, found bool) {
	home, _ := bits.Mul64(binary.LittleEndian.Uint64(id.lo[:]), uint64(len(s.slots)))
	for i = int(home); ; i = s.wrap(i + group) {
		tags := binary.LittleEndian.Uint64(s.tags[i:])
		free := (tags - lows) &^ tags & highs // the lowest bit is the first free slot's; those above it may err
		same := tags ^ lows*uint64(tag)
		same = (same - lows) &^ same & highs // none is missing; one above another may err
		if free != 0 {
			same &= free&-free - 1
		}
		for ; same != 0; same &= same - 1 {
			if j := s.wrap(i + bits.TrailingZeros64(same)/8); s.slots[j].name == id {
				return j, true
			}
		}
		if free != 0 {
			return s.wrap(i + bits.TrailingZeros64(free)/8), false
		}
	}
}

func (s *segment) wrap(i int) int {
	if i >= len(s.slots) {
		return i - len(s.slots)
	}
	return i
}

func (s *segment) insert(tag uint8, id name) *slot {
	i, _ := s.place(tag, id)
	s.tags[i] = tag
	if i < group {
		s.tags[len(s.slots)+i] = tag
	}
	s.slots[i].name = id
	s.used++
	return &s.slots[i]
}

// grow doubles the segment, so that one with few identities stays small, until
// it is as large as a full table needs it; one that gets more than its part of
// the identities grows by an eighth.
func (s *segment) grow() {
	n := max(2*len(s.slots), 4*group)
	switch full := s.full*9/8 + 2*group; {
	case len(s.slots) >= full:
		n = len(s.slots)*9/8 + group
	case n > full*3/4:
		n = full
	}
	was := *s
	s.tags, s.slots, s.used = make([]uint8, n+group), make([]slot, n), 0
	for i := range was.slots {
		if was.tags[i] != 0 {
			*s.insert(was.tags[i], was.slots[i].name) = was.slots[i]
		}
	}
}

func (s *segment) clear() {
	clear(s.tags)
	s.used = 0
}
