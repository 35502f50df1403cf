package stages

import (
	"context"
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Dedup drops rows that change nothing: a row whose offset came before, and a
// row that is equal in content to the newest one known of its identity, store
// by store. Of A, B, A the last A stays.
//
// What it knows is bounded: beyond its window a duplicate goes on, and the
// sinks' upsert makes nothing of it. A stage that drops rows by more than their
// content belongs before it, or the twin of a row that was dropped there is
// dropped here.
type Dedup struct {
	// OnePartition says that all rows of a key are in one partition, as they are
	// where every producer hashes keys alike. Under order by event time a lane
	// that can't rely on it drops no row for its content: of A, B, A at one event
	// time, the B may lie in another partition, and the last A must win. Default
	// false. By log it is so, or there is no order.
	OnePartition bool

	// Keys is how many identities the node remembers, the last half of them for
	// certain; each takes 40 bytes. All lanes of the process share them equally.
	// Default 1048576.
	Keys int

	// ReadBack is how many records before its start a lane reads, so that the
	// window survives a restart. Default 16384; -1 for none.
	ReadBack int
}

var (
	_ pipeline.Spec[*feature.Rows, *feature.Rows] = Dedup{}
	_ pipeline.Describer                          = Dedup{}
	_ pipeline.Replayer                           = Dedup{}
)

const (
	defaultKeys     = 1 << 20
	defaultReadBack = 1 << 14
)

// Describe passes the schema on.
func (d Dedup) Describe(in *feature.Schema) (*feature.Schema, error) {
	return in, checkWindow(d.Keys, d.ReadBack)
}

// Warm is the read-back.
func (d Dedup) Replay() int { return readBack(d.ReadBack) }

// Open makes the stage of one lane, with an empty window.
func (d Dedup) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	st := newDedup(d, n.Schema)
	st.share = sharing(n, windowKeys(d.Keys))
	return st, nil
}

func checkWindow(keys, back int) error {
	var errs []error
	if keys < 0 {
		errs = append(errs, fmt.Errorf("negative Keys: %d", keys))
	}
	if back < -1 {
		errs = append(errs, fmt.Errorf("ReadBack %d: want -1 for none", back))
	}
	return errors.Join(errs...)
}

func readBack(n int) int {
	if n == 0 {
		return defaultReadBack
	}
	return max(n, 0)
}

func windowKeys(n int) int {
	if n == 0 {
		return defaultKeys
	}
	return n
}

// dedup is one lane's.
type dedup struct {
	order   feature.Order
	unique  feature.Store // rows are compared with the newest of their identity there
	rows    *window
	share   *share // of what all lanes may remember
	blind   bool   // newer rows may lie in other lanes
	expires bool   // a row's life depends on its record's timestamp
	next    int64  // after the last offset seen
	last    replay
	content contents
}

// newDedup sees what is newest. By log that is a question of the key alone: of
// A, B, A with the event times 1, 2, 1 the last A is the newest row of its key,
// and has to be so in both stores. By event time a row that is equal to the newest
// of its moment is either equal to the newest of its key, or older than it.
func newDedup(d Dedup, s *feature.Schema) *dedup {
	st := &dedup{
		order: s.Group.Order, unique: feature.Online, rows: newWindow(windowKeys(d.Keys)), content: newContents(),
		expires: s.Group.TTL > 0 && s.Time() < 0,
	}
	if s.Group.Order == feature.ByEventTime {
		st.unique, st.blind = feature.Offline, !d.OnePartition
	}
	return st
}

// Close lets the other lanes have the stage's part of what they may remember.
func (d *dedup) Close() { d.share.leave() }

// Process drops the duplicates of a batch.
func (d *dedup) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	if !d.last.restore(rows) {
		d.share.fit(d.rows)
		for i, content := range d.content.of(rows, d.expires) {
			d.row(rows, i, content)
		}
		d.last.keep(rows)
	}
	emit(rows)
	return nil
}

func (d *dedup) row(rows *feature.Rows, i int, content uint64) {
	offset := rows.Records[i].Offset
	if offset < d.next {
		rows.Drop(i, feature.Duplicate)
		return
	}
	d.next = offset + 1
	at := stores(rows, i)
	if at == 0 || d.blind {
		return
	}
	d.judge(rows, i, content, at)
}

// judge compares a row with the newest one known of its identity. A newer one
// takes its place, with the stores that it goes to: what another store had is
// forgotten, which costs at most a write that changes nothing.
func (d *dedup) judge(rows *feature.Rows, i int, content uint64, at int64) {
	v := rows.Version(i)
	e, found := d.rows.entry(rows.IdentityDigest(i, d.unique))
	switch {
	case found && e.content == content:
		if e.at()&at&atOnline != 0 {
			rows.Drop(i, feature.Duplicate, feature.Online)
		}
		if e.at()&at&atOffline != 0 {
			rows.Drop(i, feature.Duplicate, feature.Offline)
		}
		e.flags |= at
	case !found || d.order.Compare(v, e.version(rows.TopicPartition)) > 0:
		e.set(v, content, at)
	default:
		return
	}
	d.rows.keep(e)
}

// stores are those that row i goes to, or went to where it is warm.
func stores(rows *feature.Rows, i int) (at int64) {
	if f := rows.Outcomes[feature.Online][i]; f == feature.Pending || f == feature.Replayed {
		at |= atOnline
	}
	if f := rows.Outcomes[feature.Offline][i]; f == feature.Pending || f == feature.Replayed {
		at |= atOffline
	}
	return at
}
