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
