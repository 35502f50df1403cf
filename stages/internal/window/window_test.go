package window

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func digest(n uint64) feature.Digest {
	return feature.Digest{Hi: n * 0x9e3779b97f4a7c15, Lo: n * 0xc2b2ae3d27d4eb4f}
}

func TestAMillionIdentitiesTake40BytesEach(t *testing.T) {
	const keys = 2 << 20
	w := New(keys)
	for n := range uint64(keys) {
		w.Entry(digest(n))
	}
	if known := w.now.used + w.old.used; known != keys {
		t.Fatalf("%d are known of %d", known, keys)
	}
	if n := float64(bytesOf(&w.now)+bytesOf(&w.old)) / keys; n > 40 {
		t.Errorf("%.1f bytes", n)
	}
}

func bytesOf(t *table) (n int) {
	for i := range t.segments {
		n += len(t.segments[i].tags)*8 + len(t.segments[i].rows)*int(unsafe.Sizeof(row{}))
	}
	return n
}

func TestAnEntryGivesBackWhatWasSet(t *testing.T) {
	w := New(10)
	for f := range allFlags + 1 {
		e, _ := w.Entry(digest(1))
		e.Set(f, uint64(f)<<60|7)
		if got, known := w.Entry(digest(1)); !known || got.Flags() != f || got.Value() != uint64(f)<<60|7 {
			t.Errorf("got %v, %x, want %v", got.Flags(), got.Value(), f)
		}
	}
}

func TestAWindowKnowsItsLastHalfAndNoMoreThanAll(t *testing.T) {
	for _, keys := range []int{1, 2, 3, 64, 5000} {
		w, rnd := New(keys), rand.New(rand.NewPCG(1, uint64(keys)))
		var order []uint64 // identities by last use
		for i := range 20_000 {
			id := uint64(rnd.IntN(2*keys + 1))
			e, known := w.Entry(digest(id))
			if known != (e.Value() != 0) || known && e.Value() != id+1 {
				t.Fatalf("%d keys, step %d: %d was taken for %d, known: %v", keys, i, id, int64(e.Value())-1, known)
			}
			e.Set(1, id+1)
			age := len(order) - 1
			for ; age >= 0 && order[age] != id; age-- {
			}
			if age >= 0 {
				if last := len(order) - 1 - age; !known && last < max(keys/2, 1) {
					t.Fatalf("%d keys, step %d: forgot one of the last %d", keys, i, last+1)
				}
				order = append(order[:age], order[age+1:]...)
			} else if known {
				t.Fatalf("%d keys, step %d: knew what was new", keys, i)
			}
			order = append(order, id)
			if i > 3*keys && i > 2000 {
				break
			}
		}
		if n := w.now.used + w.old.used; n > max(keys, 2) {
			t.Errorf("%d keys: %d are known", keys, n)
		}
		if n, most := bytesOf(&w.now)+bytesOf(&w.old), 40*keys+4<<10; n > most {
			t.Errorf("%d keys take %d bytes, want at most %d", keys, n, most)
		}
	}
}

// Of a table that is emptied, a part that isn't used again yet is empty too.
func TestAWindowOfManyPartsForgets(t *testing.T) {
	const most = 4 * segmentKeys
	w := New(2 * most)
	for n := range uint64(2*most + 1) {
		w.Entry(digest(n))
	}
	for n := range uint64(100) {
		if _, known := w.Entry(digest(n)); known {
			t.Fatalf("%d is known from two generations ago", n)
		}
	}
}

func TestIdentitiesThatAreHalfEqualAreTwo(t *testing.T) {
	w := New(100)
	for _, id := range []feature.Digest{{Hi: 1 << 40, Lo: 1}, {Hi: 1 << 40, Lo: 2}, {Hi: 1 << 41, Lo: 1}} {
		if _, known := w.Entry(id); known {
			t.Errorf("%x was taken for another", id)
		}
	}
}

func TestAWindowForgets(t *testing.T) {
	w := New(100)
	w.Entry(digest(1))
	for n := uint64(2); n < 200; n++ {
		w.Entry(digest(n))
	}
	if _, known := w.Entry(digest(1)); known {
		t.Error("the oldest of 199 identities is known to a window of 100")
	}
}
