package stages

import (
	"context"
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/internal/content"
	"github.com/tandemdata/tandem/stages/internal/window"
)

// Dedup drops rows that change nothing: a row whose offset came before, and a
// row that is equal in content to the newest one known of its identity, store
// by store. Of A, B, A the last A stays.
//
// It compares a row with those of its own partition, so it needs
// feature.KeysStay: by event time Check asks for it. A key that is seen in two
// partitions all the same stops the graph, unless it lies in two processes.
//
// What it knows is bounded: beyond its window a duplicate goes on, and the
// sinks' upsert makes nothing of it. A stage that drops rows by more than their
// content belongs before it, or the twin of a row that was dropped there is
// dropped here.
type Dedup struct {
	// OffsetsOnly leaves content alone: only a row whose offset came before is
	// dropped. It is all that can be done where keys move between partitions: of
	// A, B, A at one event time, the B may lie in another one, and the last A
	// must win. Default false.
	OffsetsOnly bool

	// MaxKeys is how many identities the node remembers, the last half of them
	// for certain; each takes 40 bytes. All lanes of the process share them
	// equally. Default 1048576.
	MaxKeys int

	// ReadBack is how many records before its start a lane reads, so that the
	// window survives a restart. Default 16384; -1 for none.
	ReadBack int
}

var (
	_ pipeline.Spec[*feature.Rows, *feature.Rows] = Dedup{}
	_ pipeline.Describer                          = Dedup{}
	_ pipeline.Replayer                           = Dedup{}
)

// Describe passes the schema on.
func (d Dedup) Describe(in *feature.Schema) (*feature.Schema, error) {
	return in, errors.Join(checkWindow(d.MaxKeys, d.ReadBack), d.checkKeys(in))
}

func (d Dedup) checkKeys(in *feature.Schema) error {
	if in == nil || d.OffsetsOnly || in.Group.KeysStay() {
		return nil
	}
	if in.Group.Keys == feature.KeysMove {
		return fmt.Errorf("with KeysMove in feature group %q it can drop nothing but repeated offsets: leave it out, or say so by OffsetsOnly", in.Group.Name)
	}
	return fmt.Errorf("feature group %q is ordered by event time and doesn't say where rows of a key lie: set Keys to "+
		"feature.KeysStay (every producer hashes keys alike, so that a key's rows are in one partition, and duplicates can be dropped) "+
		"or to feature.KeysMove (they may be in several, and none can)", in.Group.Name)
}

// Replay is the read-back.
func (d Dedup) Replay() int {
	if d.OffsetsOnly {
		return 0
	}
	return readBack(d.ReadBack)
}

// Open makes the stage of one lane, with an empty window.
func (d Dedup) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	if d.OffsetsOnly {
		return &dedup{}, nil
	}
	st := newDedup(d, n.Schema)
	st.memory, st.watch = joinMemory(n, d.MaxKeys), watchKeys(n, d.MaxKeys)
	return st, nil
}

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
