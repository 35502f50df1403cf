package engine

import (
	"errors"
	"sync"
	"time"
)

// outage keeps an outage to a few lines of log: one when a node begins to refuse
// batches, one every now and then while it does, and one when all lanes go on.
type outage struct {
	mu     sync.Mutex
	causes map[*lane]error // of lanes that wait for a retry
	began  time.Time
	said   time.Time
}

// remindEvery is how often an outage that lasts is logged.
const remindEvery = 30 * time.Second

// refusing notes why a lane's batch will come again.
func (o *outage) refusing(l *lane, cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.causes == nil {
		o.causes = map[*lane]error{}
	}
	if len(o.causes) == 0 {
		o.began, o.said = time.Now(), time.Time{}
	}
	o.causes[l] = cause
}

// due gives what is to be logged before a retry, if anything is: how many lanes
// wait, and why this one does.
func (o *outage) due(l *lane) (lanes int, cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.causes[l] == nil || time.Since(o.said) < remindEvery {
		return 0, nil
	}
	o.said = time.Now()
	return len(o.causes), o.causes[l]
}

// lasts reports whether it is known why a lane's batch comes again.
func (o *outage) lasts(l *lane) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.causes[l] != nil
}

// now gives since when lanes wait, how many, and why one of them does; nil if none does.
func (o *outage) now() (began time.Time, lanes int, cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, cause := range o.causes {
		return o.began, len(o.causes), cause
	}
	return time.Time{}, 0, nil
}

// over notes that a lane goes on, and reports how long an outage was that this ends.
func (o *outage) over(l *lane) (lasted time.Duration, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, failing := o.causes[l]; !failing {
		return 0, false
	}
	delete(o.causes, l)
	return time.Since(o.began), len(o.causes) == 0
}

// retrying is called by the edge before it waits, after which a batch comes again.
func (h *handler) retrying(e *envelope, attempt int, pause time.Duration) {
	if h.s.ctx.Err() != nil || h.s.failure() != nil {
		return
	}
	h.n.Stats.Retries.Add(1)
	if !h.outage.lasts(e.lane) { // the router says nothing but that it refused
		h.outage.refusing(e.lane, errUnpublished)
	}
	if lanes, cause := h.outage.due(e.lane); cause != nil {
		h.logger.Warn("batch failed, will retry", "attempt", attempt, "retry_in", pause, "lanes", lanes, "error", cause)
	}
}

var errUnpublished = errors.New("what came of it could not be published: a decorator failed")

// goesOn is called when a batch was acknowledged.
func (h *handler) goesOn(l *lane) {
	if lasted, ended := h.outage.over(l); ended {
		h.logger.Info("batches go through again", "after", lasted.Round(time.Millisecond))
	}
}
