package parquet

import (
	"context"

	"github.com/tandemdata/tandem/pipeline"
)

// Flush commits all that was written before it was called, and how far the
// other sinks have caught up with it.
func (w *writer) Flush(ctx context.Context) error {
	if err := w.broken(); err != nil {
		return err
	}
	err := w.commit(ctx, w.sealAhead)
	if err != nil && !pipeline.IsTransient(err) && ctx.Err() == nil {
		w.refuse(err)
	}
	w.poke()
	return err
}

// commit makes all that was written so far durable: first the cut whose commit
// failed, if there is one, then the open cut, as seal gives it. One at a time.
func (w *writer) commit(ctx context.Context, seal func() *cut) error {
	if err := w.hold(ctx); err != nil {
		return err
	}
	defer w.letGo()
	for _, next := range []func() *cut{func() *cut { return w.sealed }, seal} {
		w.sealed = next()
		if w.sealed == nil {
			continue
		}
		if err := w.broken(); err != nil {
			return err // a Write failed half way: the cut may have a part of its rows
		}
		err := w.commitCut(ctx, w.sealed)
		w.retryLater(err != nil)
		if err != nil {
			return err
		}
		w.sealed = nil
	}
	return nil
}

// hold takes the right to commit, and waits for it.
func (w *writer) hold(ctx context.Context) error {
	select {
	case <-w.committing:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) letGo() { w.committing <- struct{}{} }

func (w *writer) retryLater(again bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.again = again
}

// seal takes the open cut, once no Write is under way in it, and puts a new one
// in its place; nil if there is nothing in it.
func (w *writer) seal() *cut {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.open
	if c.out == 0 && len(c.files) == 0 && c.due.IsZero() {
		return nil
	}
	w.open = &cut{nulls: c.nulls}
	w.notify()
	for c.out > 0 {
		changed := w.changed
		w.mu.Unlock()
		<-changed
		w.mu.Lock()
	}
	return c
}

// sealAhead is seal, with the lanes whose progress is ahead of what the table
// says: other sinks have stored more since the lanes' last rows were committed.
func (w *writer) sealAhead() *cut {
	c := w.seal()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.lanes {
		if !w.node.Progress(s.lane, nil).Ahead(s.said, w.node.Name) {
			continue
		}
		if c == nil {
			c = &cut{}
		}
		c.of(s)
	}
	return c
}
