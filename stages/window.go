package stages

import "github.com/tandemdata/tandem/pipeline/feature"

// entry is the newest row known of one identity.
type entry struct {
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

// set makes e stand for a row.
func (e *entry) set(v feature.Version, content uint64, at int64) {
	e.content, e.time, e.flags = content, v.Time, v.Offset<<flagBits|at
	if v.Delete {
		e.flags |= deletes
	}
}

// version is what the row is ordered by. A lane has one place, so that of the
// row at hand is the entry's too.
func (e *entry) version(p feature.TopicPartition) feature.Version {
	return feature.Version{Time: e.time, Delete: e.flags&deletes != 0, Epoch: p.Epoch, Partition: p.Partition, Offset: e.offset()}
}

// window remembers a bounded number of identities and forgets by age: in two
// generations, of which the older goes when the younger is full. The half that
// was asked for last is certain to be known.
type window struct {
	now, old table
	most     int   // identities in a generation
	at       *slot // of the identity that was asked for last
}

func newWindow(keys int) *window {
	w := &window{}
	w.limit(keys)
	return w
}

// limit changes how many identities are remembered. What is known beyond that
// goes with its generation.
func (w *window) limit(keys int) { w.most = max(keys/2, 1) }

// entry is what is known of an identity, which counts as asked for. What becomes
// of it is to be given to keep.
func (w *window) entry(id feature.Digest) (e entry, known bool) {
	if s := w.now.find(id); s != nil {
		w.at = s
		return s.entry(), true
	}
	if s := w.old.find(id); s != nil {
		e, known = s.entry(), true
	}
	if w.now.used >= w.most {
		w.now, w.old = w.old, w.now
		w.now.reset(w.most)
	}
	if w.now.segments == nil {
		w.now.reset(w.most)
	}
	w.at = w.now.insert(id)
	w.at.set(e)
	return e, known
}

// keep remembers e of the identity that was asked for last.
func (w *window) keep(e entry) { w.at.set(e) }
