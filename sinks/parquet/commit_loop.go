package parquet

import (
	"context"
	"errors"
	"time"

	"github.com/tandemdata/tandem/pipeline"
)

const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 10 * time.Second
)

// run commits when it is time to: CommitEvery after a cut's first span, at
// CommitRows, and again after a commit that failed.
func (w *writer) run(ctx context.Context) {
	backoff := firstRetry
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
			continue // what to wait for may have changed
		case <-w.when(backoff):
		}
		switch err := w.commit(ctx, w.seal); {
		case err == nil:
			backoff = firstRetry
		case ctx.Err() != nil:
			return
		case pipeline.IsTransient(err):
			w.node.Logger.Warn("commit failed, will retry", "retry_in", backoff, "error", err)
			backoff = min(2*backoff, lastRetry)
		default:
			w.refuse(err)
			w.node.Fail(err)
			return
		}
	}
}

// when fires at the next commit; nil if there is nothing to commit.
func (w *writer) when(backoff time.Duration) <-chan time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return nil
	case w.again:
		return time.After(backoff)
	case w.open.rows >= w.set.cutRows() && w.open.out == 0:
		return time.After(0)
	case w.open.due.IsZero():
		return nil
	}
	return time.After(time.Until(w.open.due))
}

// poke has run look again at what it waits for.
func (w *writer) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// broken is why nothing is written any more.
func (w *writer) broken() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// refuse has Write and Flush return err from now on, unless they have a reason already.
func (w *writer) refuse(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.notify()
}

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

// commit makes all that was written so far durable: first what an earlier commit
// left behind, then the open cut, as seal gives it. One at a time.
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

// sealAhead is seal, with the lanes of which the table can say more now than in
// the commit of their last rows.
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

// Close drops what is not committed. The timer's commit is cut off if one is
// under way, a Flush is waited for. If nobody can tell whether a commit landed,
// its files stay, for the table may name them.
func (w *writer) Close() error {
	w.stop()
	w.refuse(errClosed)
	w.running.Wait()
	<-w.committing
	defer w.letGo()
	var errs []error
	for _, c := range []*cut{w.sealed, w.seal()} {
		if c != nil && !c.maybeLanded {
			errs = append(errs, c.discard(w.lake.disk))
		}
	}
	w.sealed = nil
	return errors.Join(append(errs, w.lake.close())...)
}
