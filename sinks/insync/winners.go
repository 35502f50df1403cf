package insync

import (
	"bytes"
	"hash/maphash"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// winners are the newest rows of one part's keys, as places in its entries.
type winners struct {
	schema *feature.Schema
	seed   maphash.Seed
	raw    []byte
	keys   []slot
	ids    []slot // by identity; nil where that is the key
	twice  func(e *entry) error
}

// slot is a key's: where its newest row begins in raw.
type slot struct {
	at    uint32
	tag   uint16 // of the hash: of slots that are not the one sought, most needn't be looked up
	state uint8
}

const (
	taken     = 1 << iota
	alone     // no row of the key was meant for the online store
	wasOnline // the key has been met online
)

// load finds the newest row of each key.
func (w *winners) load(raw []byte) error {
	w.raw = raw
	n := len(raw) / (fixed + 2)
	w.keys = room(w.keys, n)
	if w.schema.Time() >= 0 {
		w.ids = room(w.ids, n)
	}
	var e entry
	for rest := raw; len(rest) > 0; {
		at := len(raw) - len(rest)
		var err error
		if rest, err = e.cut(rest); err != nil {
			return err
		}
		if err := w.add(&e, uint32(at)); err != nil {
			return err
		}
	}
	return nil
}

// room is an empty table for n keys at most.
func room(s []slot, n int) []slot {
	size := 16
	for size < n+n/3 {
		size *= 2
	}
	if cap(s) < size {
		return make([]slot, size)
	}
	s = s[:size]
	clear(s)
	return s
}

func (w *winners) add(e *entry, at uint32) error {
	h := maphash.Bytes(w.seed, e.key)
	again := false
	if w.ids != nil {
		s := w.find(w.ids, h^spread(uint64(e.version.Time)), e.key, &e.version.Time)
		again = s.state != 0
		s.at, s.state = at, taken
	}
	s := w.find(w.keys, h, e.key, nil)
	if s.state == 0 {
		s.at, s.state = at, taken
		if e.only {
			s.state |= alone
		}
		return nil
	}
	if again || w.ids == nil {
		if err := w.twice(e); err != nil {
			return err
		}
	}
	if e.only {
		return nil
	}
	if old := w.entry(*s); s.state&alone != 0 || w.schema.Group.Order.Compare(e.version, old.version) > 0 {
		s.at, s.state = at, taken
	}
	return nil
}

// spread is a bijection of which all bits depend on all bits.
func spread(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// find is the slot of a key, or of a key and a time, or the one that it may have.
func (w *winners) find(table []slot, h uint64, key []byte, time *int64) *slot {
	mask, tag := uint64(len(table)-1), uint16(h>>48)
	for i := h >> 16 & mask; ; i = (i + 1) & mask {
		s := &table[i]
		if s.state == 0 {
			s.tag = tag
			return s
		}
		if s.tag != tag {
			continue
		}
		if e := w.entry(*s); bytes.Equal(e.key, key) && (time == nil || e.version.Time == *time) {
			return s
		}
	}
}

// entry is what a slot points to.
func (w *winners) entry(s slot) (e entry) {
	if _, err := e.cut(w.raw[s.at:]); err != nil {
		panic(err) // load has read it
	}
	return e
}
