package pipelinetest

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest/rowmodel"
)

// Watcher reads both stores while the graph runs. It belongs to one goroutine.
type Watcher struct {
	Looks int // how often it has looked

	oracle   Oracle
	progress held
	rows     map[feature.Store]seen // by the last look
}

// Watcher makes one that has not looked yet.
func (o Oracle) Watcher() *Watcher {
	return &Watcher{oracle: o.defaulted(), progress: held{}, rows: map[feature.Store]seen{}}
}

// Look reads progress, stores, and progress again. It fails with a *BrokenError
// if a store lacks a row that it held by what was said before, if the offline
// store shows one that its progress doesn't hold after (half a commit), or if
// anything went back since the last look. Rows that are torn, twice there or
// were never sent break a promise at any time.
func (w *Watcher) Look(ctx context.Context) error {
	o, b := w.oracle, &BrokenError{}
	said, err := w.ask(ctx, b)
	if err != nil {
		return err
	}
	for store, from := range o.stores() {
		rows, err := o.scan(ctx, b, store, from)
		if err != nil {
			return err
		}
		log := o.Log.now() // after the scan, so that it has all deletes that explain an absence
		w.kept(b, log, store, said, rows)
		w.forward(b, log, store, rows)
		w.rows[store] = rows
		if store == feature.Offline && o.Keeper != nil {
			if said, err = w.ask(ctx, b); err != nil {
				return err
			}
			half(b, log, said.before(o.OfflineNode, math.MaxInt64), rows)
		}
	}
	w.Looks++
	return b.err()
}

// ask reads progress, and finds a partition that went back.
func (w *Watcher) ask(ctx context.Context, b *BrokenError) (held, error) {
	now, err := w.oracle.progress(ctx, b, w.oracle.Log.now())
	if err != nil {
		return nil, err
	}
	for p, was := range w.progress {
		is := now[p]
		if is.Epoch < was.Epoch {
			b.add("%s/%d went back from epoch %d to %d", p.topic, p.id, was.Epoch, is.Epoch)
		}
		if is.Epoch != was.Epoch {
			continue
		}
		if is.Counted < was.Counted {
			b.add("%s/%d went back from offset %d to %d", p.topic, p.id, was.Counted, is.Counted)
		}
		for name, s := range was.Sinks {
			if is.Sinks[name].Next < s.Next {
				b.add("%s/%d of %s went back from offset %d to %d", p.topic, p.id, name, s.Next, is.Sinks[name].Next)
			}
		}
	}
	w.progress = now
	return now, nil
}

// kept finds rows that are missing although they were said to be there.
func (w *Watcher) kept(b *BrokenError, log view, store feature.Store, said held, rows seen) {
	sent := log.model(store, all)
	promised := log.model(store, said.before(w.oracle.node(store), -1))
	for id, want := range promised.Visible() {
		w.notBefore(b, sent, id, want, rows, "said to be there")
	}
}

// forward finds rows that are older than at the last look, or gone.
func (w *Watcher) forward(b *BrokenError, log view, store feature.Store, rows seen) {
	sent := log.model(store, all)
	for id, was := range w.rows[store] {
		w.notBefore(b, sent, id, was, rows, "there before")
	}
}

// notBefore finds an identity that is behind a row that it had, or has lost it
// without a delete that explains it.
func (w *Watcher) notBefore(b *BrokenError, sent *rowmodel.Model, id string, had feature.Stored, rows seen, when string) {
	s, order := sent.Schema, sent.Schema.Group.Order
	got, there := rows[id]
	if there {
		if rowmodel.Newer(order, had.Version, got.Version) && !rowmodel.Alike(had, got) {
			b.add("%v: went back from a row %s: %s", sent.Store, when, rowmodel.DescribeTwo(s, had, got))
		}
		return
	}
	if sent.Store == feature.Online {
		for _, r := range sent.Sent[id] {
			if r.Version.Delete && rowmodel.Newer(order, r.Version, had.Version) || w.oracle.expired(sent.Store, r) {
				return
			}
		}
	}
	b.add("%v: gone, but %s: %s", sent.Store, when, rowmodel.Describe(s, had))
}

// half finds rows of a commit of which the progress can't be seen.
func half(b *BrokenError, log view, before func(feature.TopicPartition) int64, rows seen) {
	places := map[position]feature.TopicPartition{}
	for _, e := range log.sent {
		places[position{e.Epoch, e.Partition, e.Offset}] = e.TopicPartition
	}
	for _, row := range rows {
		v := row.Version
		if p, ok := places[position{v.Epoch, v.Partition, v.Offset}]; ok && v.Offset >= before(p) {
			b.add("offline: half a commit: the progress holds rows before %d only: %s", before(p), rowmodel.Describe(log.schema, row))
		}
	}
}

// Watch looks again and again, with pauses, until stop is called, and at least
// once. stop gives the number of looks and the first error.
func (o Oracle) Watch(ctx context.Context, pause time.Duration) (stop func() (looks int, err error)) {
	w := o.Watcher()
	var first error
	enough := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for first == nil {
			first = w.Look(ctx)
			select {
			case <-tick.C:
			case <-enough:
				return
			}
		}
	})
	return func() (int, error) {
		close(enough)
		watching.Wait()
		return w.Looks, first
	}
}
