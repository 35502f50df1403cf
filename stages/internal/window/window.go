// Package window is what a stage remembers of the rows that have passed: a value
// for each of a bounded number of identities, the partition of each key, and its
// answer to the last batch.
package window

import "github.com/tandemdata/tandem/pipeline/feature"

// Window remembers a bounded number of identities and forgets by age: in two
// generations, of which the older goes when the younger is full. The half that
// was asked for last is certain to be known.
type Window struct {
	now, old table
	most     int // identities in a generation
}

// Entry is what is known of one identity: a value and three flags.
type Entry struct {
	row *row
	tag *uint64
}

// Flags are free to use.
type Flags uint64

// allFlags is what an entry has room for.
const allFlags Flags = 7

// New makes a window that knows nothing and remembers so many identities.
func New(keys int) *Window {
	w := &Window{}
	w.Limit(keys)
	return w
}

// Limit changes how many identities are remembered. What is known beyond that
// goes with its generation.
func (w *Window) Limit(keys int) { w.most = max(keys/2, 1) }

// Entry is that of an identity, which counts as asked for. One that wasn't known
// is zero, and is known from now on. It is valid until the next call.
func (w *Window) Entry(id feature.Digest) (e Entry, known bool) {
	if e, known = w.now.find(id); known {
		return e, true
	}
	old, known := w.old.find(id)
	var flags Flags
	var value uint64
	if known {
		flags, value = old.Flags(), old.Value()
	}
	if w.now.used >= w.most || w.now.segments == nil {
		w.now, w.old = w.old, w.now
		w.now.reset(w.most)
	}
	e = w.now.insert(id)
	e.Set(flags, value)
	return e, known
}

// Prefetch has the processor fetch what Entry will look at, for many identities
// side by side rather than one after the other. What it returns means nothing.
func (w *Window) Prefetch(ids []feature.Digest) (sum uint64) {
	for _, id := range ids {
		sum += w.now.peek(id) + w.old.peek(id)
	}
	return sum
}

// Value is what was set last.
func (e Entry) Value() uint64 { return e.row.value }

// Flags are what was set last.
func (e Entry) Flags() Flags { return Flags(*e.tag) & allFlags }

// Set remembers a value and flags.
func (e Entry) Set(f Flags, value uint64) {
	*e.tag = *e.tag&^uint64(allFlags) | uint64(f&allFlags)
	e.row.value = value
}
