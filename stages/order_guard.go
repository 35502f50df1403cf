package stages

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/internal/window"
)

// OrderGuard spares the online store rows that it would lose anyway: under
// event-time order, those older than a row of their key known here. Offline
// they go on as history. It stops the graph when a lane's offsets go back,
// since every order rests on them.
//
// What it knows is bounded: beyond its window a late row goes on, and the
// online store itself keeps the newer one.
//
// Where keys stay in their partition (by log they must: feature.Group.Keys) it
// also stops the graph at a key that is seen in two, unless those are read by two
// processes.
type OrderGuard struct {
	Late LatePolicy // default Drop, with the outcome feature.Late

	// FarFuture is how far an event time may lie after its record's timestamp.
	// A row beyond it would make every true one late. Default 0: no bound. A
	// record without a timestamp isn't judged.
	FarFuture time.Duration

	// Beyond is what becomes of rows beyond FarFuture. Default Drop, with the
	// outcome feature.FarFuture. Unless it is Pass, the guard belongs before Dedup:
	// the same row may be sent again when its time has come.
	Beyond LatePolicy

	// MaxKeys is how many keys the node remembers, the last half of them for
	// certain; each takes 40 bytes. All lanes of the process share them equally.
	// Default 1048576.
	MaxKeys int

	ReadBack int // records before its start that a lane reads; default 16384; -1 for none
}

var (
	_ pipeline.Spec[*feature.Rows, *feature.Rows] = OrderGuard{}
	_ pipeline.Describer                          = OrderGuard{}
	_ pipeline.Replayer                           = OrderGuard{}
	_ pipeline.Rejecter                           = OrderGuard{}
)

// Describe passes the schema on.
func (g OrderGuard) Describe(in *feature.Schema) (*feature.Schema, error) {
	errs := []error{checkWindow(g.MaxKeys, g.ReadBack)}
	for _, p := range []LatePolicy{g.Late, g.Beyond} {
		if p > Reject {
			errs = append(errs, fmt.Errorf("unknown %v", p))
		}
	}
	if g.FarFuture < 0 {
		errs = append(errs, fmt.Errorf("FarFuture %v is negative", g.FarFuture))
	}
	if g.FarFuture > 0 && in != nil && in.Time() < 0 {
		errs = append(errs, fmt.Errorf("FarFuture %v: feature group %q declares no event time", g.FarFuture, in.Group.Name))
	}
	return in, errors.Join(errs...)
}

// Replay is the read-back.
func (g OrderGuard) Replay() int { return readBack(g.ReadBack) }

// Rejects reports whether rows may go to the dead letters.
func (g OrderGuard) Rejects() bool {
	return g.Late == Reject || g.FarFuture > 0 && g.Beyond == Reject
}

// Open makes the guard of one lane, which knows no key.
func (g OrderGuard) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	st := newGuard(g, n.Schema, n)
	st.watch = watchKeys(n, g.MaxKeys)
	if st.newest != nil {
		st.memory = joinMemory(n, g.MaxKeys)
	}
	return st, nil
}

// guard is one lane's.
type guard struct {
	OrderGuard
	node    *pipeline.Node
	newest  *window.Window // by key, the time of its newest row; nil by log, where the last row is the newest
	memory  *memory
	watch   *keyWatch
	next    int64 // after the last offset seen
	last    window.Answer
	rejects rejects
}

func newGuard(g OrderGuard, s *feature.Schema, node *pipeline.Node) *guard {
	st := &guard{OrderGuard: g, node: node}
	if s.Group.Order == feature.ByEventTime {
		st.newest = window.New(windowKeys(g.MaxKeys))
	}
	return st
}

// Close lets the other lanes have the guard's part of what they may remember.
func (g *guard) Close() { g.memory.leave() }

// Process judges a batch once. Dead letters come after that: where one fails
// and the batch comes again, it keeps its outcomes and only they are left to send.
func (g *guard) Process(ctx context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	if !g.last.Restore(rows) {
		if err := g.inOrder(rows); err != nil {
			return err
		}
		if err := g.watch.check(rows); err != nil {
			return err
		}
		g.rejects = nil
		if g.newest != nil {
			g.memory.fit(g.newest)
		}
		for i := range rows.Len() {
			g.row(rows, i)
		}
		g.last.Keep(rows)
	}
	if err := g.rejects.send(ctx, g.node, rows.TopicPartition, rows.Records); err != nil {
		return err
	}
	emit(rows)
	return nil
}

// inOrder moves next past the batch, unless its offsets go back.
func (g *guard) inOrder(rows *feature.Rows) error {
	next := g.next
	for i := range rows.Records {
		offset := rows.Records[i].Offset
		if offset < next {
			return &pipeline.RecordError{TopicPartition: rows.TopicPartition, Offset: offset, Err: fmt.Errorf("the log goes back: offset %d came before", next-1)}
		}
		next = offset + 1
	}
	g.next = next
	return nil
}

func (g *guard) row(rows *feature.Rows, i int) {
	at := stores(rows, i)
	if at == 0 {
		return
	}
	if g.FarFuture > 0 && g.Beyond != Pass && beyond(rows, i, g.FarFuture) {
		g.apply(g.Beyond, rows, i, feature.FarFuture, "far-future", g.FarFuture)
		return
	}
	if g.newest == nil || at&atOnline == 0 {
		return
	}
	v := atHand(rows, i)
	e, known := g.newest.Entry(rows.KeyDigest(i))
	if known && feature.ByEventTime.Compare(v, remembered(v, int64(e.Value()), e.Flags())) < 0 {
		g.apply(g.Late, rows, i, feature.Late, "late", 0)
		return
	}
	e.Set(flagsOf(v, at), uint64(v.Time))
}

// apply does what a policy says to a row, unless it is replayed: then it was done
// before the lane opened.
func (g *guard) apply(p LatePolicy, rows *feature.Rows, i int, f feature.Outcome, kind string, by time.Duration) {
	switch p {
	case Drop:
		rows.Drop(i, f, feature.Online)
	case Reject:
		if rows.Drop(i, feature.Dead) {
			g.rejects = append(g.rejects, reject{i, kind, causeOf(f, by)})
		}
	}
}

func causeOf(f feature.Outcome, by time.Duration) error {
	if f == feature.Late {
		return errors.New("a newer row of the key was known before")
	}
	return fmt.Errorf("the event time lies more than %v after the record's timestamp", by)
}

// beyond reports whether a row's event time lies further than that after its
// record's timestamp.
func beyond(rows *feature.Rows, i int, far time.Duration) bool {
	ms := rows.Records[i].Timestamp
	if ms <= 0 || ms > math.MaxInt64-far.Milliseconds() {
		return false
	}
	limit, t, unit := ms+far.Milliseconds(), rows.Time(i), rows.Schema.TimeUnit()
	if unit < time.Millisecond {
		return t/int64(time.Millisecond/unit) > limit
	}
	return t > limit/int64(unit/time.Millisecond)
}
