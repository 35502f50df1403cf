package window

import (
	"math/bits"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// table is a hash table of many small ones, each of which grows by itself, and
// is cleared when it is next used: that takes a fraction of a millisecond, where
// all at once would take a good part of a second for millions of identities.
// Full, an identity takes 33 bytes. Nothing in it is a pointer, so the collector
// never looks inside.
type table struct {
	segments []segment
	used     int
	life     uint32 // raised when all segments were emptied
}

// segmentKeys is how many identities a segment of a full table holds.
const segmentKeys = 1 << 14

// reset empties the table for so many identities, in the memory it has if that
// is of the right size.
func (t *table) reset(most int) {
	t.used = 0
	t.life++
	if n := (most + segmentKeys - 1) / segmentKeys; n != len(t.segments) {
		t.segments = make([]segment, n)
		for i := range t.segments {
			t.segments[i] = segment{full: (most + n - 1) / n, life: t.life}
		}
	}
}

// segment is the one that an identity belongs to.
func (t *table) segment(id feature.Digest) *segment {
	i, _ := bits.Mul64(id.Lo, uint64(len(t.segments)))
	return &t.segments[i]
}

func (t *table) find(id feature.Digest) (Entry, bool) {
	if t.used == 0 {
		return Entry{}, false
	}
	s := t.segment(id)
	if s.life != t.life || s.used == 0 {
		return Entry{}, false
	}
	i, found := s.place(id)
	if !found {
		return Entry{}, false
	}
	return s.entry(i), true
}

// peek reads where find begins.
func (t *table) peek(id feature.Digest) uint64 {
	if t.used == 0 {
		return 0
	}
	s := t.segment(id)
	if len(s.tags) == 0 {
		return 0
	}
	return s.tags[s.home(tagOf(id))]
}

// insert adds an identity that isn't there.
func (t *table) insert(id feature.Digest) Entry {
	s := t.segment(id)
	if s.life != t.life {
		s.life = t.life
		s.clear()
	}
	if s.used >= len(s.tags)-len(s.tags)/4 {
		s.grow()
	}
	t.used++
	i, _ := s.place(id)
	s.used++
	s.tags[i], s.rows[i] = tagOf(id), row{name: id.Lo}
	return s.entry(i)
}

// segment is a hash table of open addressing. Most identities are new, and the
// tags say so without a look at the rows.
type segment struct {
	tags []uint64 // half of the identity, with its flags; 0 where the place is free
	rows []row
	used int
	full int // identities in it when the table is full, more or less
	life uint32
}

// row is the other half of an identity, and its value.
type row struct{ name, value uint64 }

// taken tells a tag from a free place, whatever its flags.
const taken = uint64(allFlags) + 1

// tagOf is the part of an identity that its tag keeps: with the row's name, all
// but four of its bits.
func tagOf(id feature.Digest) uint64 { return id.Hi&^(2*taken-1) | taken }

// home is where the search for a tag begins.
func (s *segment) home(tag uint64) int {
	i, _ := bits.Mul64(tag, uint64(len(s.tags)))
	return int(i)
}

// place is where an identity is, or the free place where it would be.
func (s *segment) place(id feature.Digest) (i int, found bool) {
	tag := tagOf(id)
	for i = s.home(tag); ; {
		t := s.tags[i]
		if t == 0 {
			return i, false
		}
		if t&^uint64(allFlags) == tag && s.rows[i].name == id.Lo {
			return i, true
		}
		if i++; i == len(s.tags) {
			i = 0
		}
	}
}

func (s *segment) entry(i int) Entry { return Entry{&s.rows[i], &s.tags[i]} }

// grow doubles the segment, so that one with few identities stays small, until
// it is as large as a full table needs it; one that gets more than its part of
// the identities grows by an eighth.
func (s *segment) grow() {
	n := max(2*len(s.tags), 32)
	switch full := s.full*11/8 + 16; {
	case len(s.tags) >= full:
		n = len(s.tags)*9/8 + 8
	case n > full*3/4:
		n = full
	}
	was := *s
	s.tags, s.rows = make([]uint64, n), make([]row, n)
	for i, tag := range was.tags {
		if tag == 0 {
			continue
		}
		to := s.home(tag)
		for s.tags[to] != 0 {
			if to++; to == n {
				to = 0
			}
		}
		s.tags[to], s.rows[to] = tag, was.rows[i]
	}
}

func (s *segment) clear() {
	clear(s.tags)
	s.used = 0
}
