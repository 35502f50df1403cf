package parquet

import (
	"context"
	"fmt"
	"time"

	"github.com/tandemdata/tandem/pipeline"
)

const (
	firstRetry  = 100 * time.Millisecond
	lastRetry   = 10 * time.Second
	remindEvery = 30 * time.Second // how often a commit that keeps failing is logged
)

// run commits when it is time to: CommitEvery after a cut's first span, at
// CommitRows, and again after a commit that failed.
func (w *writer) run(ctx context.Context) {
	var failing outage
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
			continue // what to wait for may have changed
		case <-w.when(failing.pause()):
		}
		switch err := w.commit(ctx, w.seal); {
		case err == nil:
			w.node.Waits(nil)
			if lasted, ended := failing.end(time.Now()); ended {
				w.node.Logger.Info("commits succeed again", "after", lasted.Round(time.Millisecond))
			}
		case ctx.Err() != nil:
			return
		case pipeline.IsTransient(err):
			w.node.Waits(fmt.Errorf("commit failed: %w", err))
			if failing.again(time.Now()) {
				w.node.Logger.Warn("commit failed, will retry", "attempt", failing.attempts, "retry_in", failing.pause(), "error", err)
			}
		default:
			w.refuse(err)
			w.node.Fail(err)
			return
		}
	}
}

// outage is a commit that keeps failing: it is retried ever more slowly, and is a
// few lines of log however long it lasts.
type outage struct {
	attempts      int // that failed
	began, logged time.Time
}

// pause is how long to wait before the next attempt.
func (o *outage) pause() time.Duration {
	return min(firstRetry<<min(max(o.attempts-1, 0), 10), lastRetry)
}

// again counts an attempt that failed, and reports whether to log it.
func (o *outage) again(now time.Time) bool {
	if o.attempts++; o.attempts == 1 {
		o.began = now
	}
	if o.attempts > 1 && now.Sub(o.logged) < remindEvery {
		return false
	}
	o.logged = now
	return true
}

// end reports how long the outage lasted, if there was one.
func (o *outage) end(now time.Time) (lasted time.Duration, ended bool) {
	lasted, ended = now.Sub(o.began), o.attempts > 0
	*o = outage{}
	return lasted, ended
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
