package stages

import (
	"context"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/internal/content"
	"github.com/tandemdata/tandem/stages/internal/window"
)

// dedup is one lane's.
type dedup struct {
	next int64 // after the last offset seen
	last window.Answer

	newest *window.Window // by identity, a hash of its newest row; nil where only offsets are looked at
	memory *memory
	watch  *keyWatch
	hash   content.Hasher
	ids    []feature.Digest // of the batch at hand

	order  feature.Order
	unique feature.Store // identities are those of this store
}

// newDedup sees what is newest. By log that is a question of the key alone: of
// A, B, A with the event times 1, 2, 1 the last A is the newest row of its key,
// and has to be so in both stores. By event time a row that is equal to the newest
// of its moment is either equal to the newest of its key, or older than it.
func newDedup(d Dedup, s *feature.Schema) *dedup {
	if d.OffsetsOnly {
		return &dedup{}
	}
	st := &dedup{newest: window.New(windowKeys(d.MaxKeys)), hash: content.NewHasher(), order: s.Group.Order, unique: feature.Online}
	st.hash.Expires = s.Group.TTL > 0 && s.Time() < 0
	if s.Group.Order == feature.ByEventTime {
		st.unique = feature.Offline
	}
	return st
}

// Close lets the other lanes have the stage's part of what they may remember.
func (d *dedup) Close() { d.memory.leave() }

// Process drops the duplicates of a batch.
func (d *dedup) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	if !d.last.Restore(rows) {
		if err := d.watch.check(rows); err != nil {
			return err
		}
		d.offsets(rows)
		if d.newest != nil {
			d.contents(rows)
		}
		d.last.Keep(rows)
	}
	emit(rows)
	return nil
}

// offsets drops rows whose offset came before.
func (d *dedup) offsets(rows *feature.Rows) {
	for i := range rows.Records {
		offset := rows.Records[i].Offset
		if offset < d.next {
			rows.Drop(i, feature.Duplicate)
			rows.ExcludeFromReplay(i)
			continue
		}
		d.next = offset + 1
	}
}

// contents drops rows that say what the newest of their identity says. Their
// entries are fetched from memory all together, which is where the time goes.
func (d *dedup) contents(rows *feature.Rows) {
	d.memory.fit(d.newest)
	d.ids = d.ids[:0]
	for i := range rows.Len() {
		d.ids = append(d.ids, rows.IdentityDigest(i, d.unique))
	}
	d.newest.Prefetch(d.ids)
	for i, sum := range d.hash.Of(rows) {
		if at := stores(rows, i); at != 0 {
			d.judge(rows, i, sum, at)
		}
	}
}

// judge compares a row with the newest one known of its identity. A newer one
// takes its place, with the stores that it goes to: what another store had is
// forgotten, which costs at most a write that changes nothing.
func (d *dedup) judge(rows *feature.Rows, i int, sum uint64, at window.Flags) {
	v := atHand(rows, i)
	e, known := d.newest.Entry(d.ids[i])
	was := e.Flags()
	switch {
	case known && e.Value() == sum:
		if was&at&atOnline != 0 {
			rows.Drop(i, feature.Duplicate, feature.Online)
		}
		if was&at&atOffline != 0 {
			rows.Drop(i, feature.Duplicate, feature.Offline)
		}
		e.Set(was|at, sum)
	case !known || d.order.Compare(v, remembered(v, v.Time, was)) > 0:
		e.Set(flagsOf(v, at), sum)
	}
}
