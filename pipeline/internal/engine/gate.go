package engine

import (
	"errors"
	"sync"
	"time"
)

// gate counts the batches that handlers are at work on. A router that has closed may
// have a goroutine left that took a message before: the router counts those that it
// has, waits until there are none, and then a handler that still had a message begins.
// So whoever comes after the gate has closed is turned away, and nobody is left inside.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside int
	empty  chan struct{} // closed with the last one to leave a closed gate
}

var errGateClosed = errors.New("the session has ended")

// enter reports whether there is still a session to work for.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.inside++
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 && g.closed {
		close(g.empty)
	}
}

// close turns away who comes, and waits for who is inside.
func (g *gate) close(within time.Duration) error {
	g.mu.Lock()
	g.closed, g.empty = true, make(chan struct{})
	if g.inside == 0 {
		close(g.empty)
	}
	g.mu.Unlock()
	select {
	case <-g.empty:
		return nil
	case <-time.After(within):
		return errors.New("a node is still at work on a batch that it was to give up")
	}
}
