package stages

import (
	"math/bits"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// entry is the newest row known of one identity. It takes 40 bytes and has no
// pointers, so the collector never looks inside a window.
type entry struct {
	id      feature.Digest
	content uint64
	time    int64
	flags   int64 // the offset, above what follows
}

// The flags of an entry, below its offset.
const (
	deletes  = 1 << iota
	atOnline // it went to the online store
	atOffline
	flagBits = iota
)

const atBoth = atOnline | atOffline

func (e *entry) offset() int64 { return e.flags >> flagBits }

// at are the stores that the row went to.
func (e *entry) at() int64 { return e.flags & atBoth }

// set makes e stand for a row, and keeps its identity.
func (e *entry) set(v feature.Version, content uint64, at int64) {
	e.content, e.time, e.flags = content, v.Time, v.Offset<<flagBits|at
	if v.Delete {
		e.flags |= deletes
	}
}

// version is what the row is ordered by. A lane has one place, so that of the
// row at hand is the entry's too.
func (e *entry) version(p feature.Place) feature.Version {
	return feature.Version{Time: e.time, Delete: e.flags&deletes != 0, Epoch: p.Epoch, Partition: p.Partition, Offset: e.offset()}
}

// window remembers a bounded number of identities and forgets by age: in two
// generations, of which the older goes when the younger is full. The half that
// was asked for last is certain to be known.
type window struct {
	now, old table
	most     int // identities in a generation
}

func newWindow(keys int) *window { return &window{most: max(keys/2, 1)} }

// entry is the place of an identity, and whether it was known. It lives until
// the next call.
func (w *window) entry(id feature.Digest) (e *entry, known bool) {
	if e := w.now.find(id); e != nil {
		return e, true
	}
	fresh := entry{id: id}
	if e := w.old.find(id); e != nil {
		fresh, known = *e, true
	}
	if w.now.used == w.most {
		w.now, w.old = w.old, w.now
		w.now.clear()
	}
	return w.now.insert(fresh, w.most), known
}

// table is a hash table of open addressing, at most two thirds full. Most
// identities are new, and the tags say so without a look at the slots: they are
// small enough to stay in the processor's cache.
type table struct {
	tags  []uint8 // of the slot's identity; 0: the slot is free
	slots []entry
	used  int
}

func tag(id feature.Digest) uint8 { return uint8(id.Lo) | 1 }

// slot is where an identity is, or the free slot where it would be.
func (t *table) slot(id feature.Digest) (i int, found bool) {
	home, _ := bits.Mul64(id.Hi, uint64(len(t.tags)))
	want := tag(id)
	for i = int(home); t.tags[i] != 0; {
		if t.tags[i] == want && t.slots[i].id == id {
			return i, true
		}
		if i++; i == len(t.tags) {
			i = 0
		}
	}
	return i, false
}

func (t *table) find(id feature.Digest) *entry {
	if t.used == 0 {
		return nil
	}
	if i, found := t.slot(id); found {
		return &t.slots[i]
	}
	return nil
}

// insert adds an identity that isn't there.
func (t *table) insert(e entry, most int) *entry {
	if t.used >= len(t.slots)*2/3 {
		t.grow(most)
	}
	t.used++
	i, _ := t.slot(e.id)
	t.tags[i], t.slots[i] = tag(e.id), e
	return &t.slots[i]
}

// grow doubles the table, so that a lane with few keys stays small.
func (t *table) grow(most int) {
	tags, slots := t.tags, t.slots
	n := min(max(2*len(slots), 1024), most*3/2+2)
	t.tags, t.slots = make([]uint8, n), make([]entry, n)
	for i := range slots {
		if tags[i] != 0 {
			to, _ := t.slot(slots[i].id)
			t.tags[to], t.slots[to] = tags[i], slots[i]
		}
	}
}

func (t *table) clear() {
	clear(t.tags)
	t.used = 0
}
