package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/internal/failure"
	"github.com/tandemdata/tandem/pipeline/internal/lanes"
)

// closeTimeout is how long a session that has ended waits for its handlers.
const closeTimeout = time.Minute

// route makes one router handler of each node but the sources, which publish.
func (s *session) route() (*message.Router, error) {
	r, err := message.NewRouter(message.RouterConfig{CloseTimeout: closeTimeout}, routerLog{s.g.Logger})
	if err != nil {
		return nil, err
	}
	for _, n := range s.g.Nodes {
		if n.Kind == Source {
			continue
		}
		s.lanes.Declare(n.in(), n.Name)
		h := s.handlers[n]
		routed := r.AddHandler(n.Name, n.in(), s.lanes.Consumer(n.Name), n.topic(), publisher{s.lanes, h}, h.handle)
		routed.AddMiddleware(append([]message.HandlerMiddleware{s.guard(h)}, s.g.Middleware...)...)
	}
	for _, configure := range s.g.Router {
		if err := called(func() error { return configure(r) }); err != nil {
			return nil, fmt.Errorf("configure the router: %w", err)
		}
	}
	return r, nil
}

// called makes an error of a panic in what a person gave.
func called(f func() error) (err error) {
	defer recovered(&err)
	return f()
}

// guard is the outermost middleware: it sees what is left once the user's have
// done theirs. What passes by itself comes again, everything else ends the
// session.
func (s *session) guard(h *handler) message.HandlerMiddleware {
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) (out []*message.Message, err error) {
			if !s.gate.enter() {
				return nil, errGateClosed
			}
			defer s.gate.leave()
			e := envelopeOf(m)
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
				}
				if err != nil {
					s.refused(h, e, err)
				}
			}()
			growStack()
			var called atomic.Bool
			m.SetContext(context.WithValue(m.Context(), calledKey{}, &called))
			out, err = next(m)
			switch {
			case answered(m):
				err = errEarlyAck
			case err == nil:
				err = h.accounted(e, out)
			case !called.Load() && !errors.Is(err, errNoBatch):
				err = failure.Mark(err, failure.Transient) // a middleware refused it unseen, as an open circuit breaker does
			}
			return out, err
		}
	}
}

var errEarlyAck = errors.New("a middleware or a decorator acknowledged a batch before what came of it was published, or left that out: rows would be lost")

// answered reports whether a message was acknowledged or refused already, which
// is the router's to do.
func answered(m *message.Message) bool {
	select {
	case <-m.Acked():
		return true
	case <-m.Nacked():
		return true
	default:
		return false
	}
}

// growStack makes room on the stack. A router starts a goroutine for each
// message, with a stack too small for a stage's calls: it would be copied again
// and again on their way down, with all the frames that are on it by then.
//
//go:noinline
func growStack() {
	var room [6 << 10]byte
	runtime.KeepAlive(&room)
}

// calledKey finds what a node notes when a message has got to it.
type calledKey struct{}

// refused decides what an error of a node means.
func (s *session) refused(h *handler, e *envelope, err error) {
	if s.ctx.Err() != nil {
		return
	}
	at := s.g.Locate(h.n.Name, placeOf(e), err)
	class := failure.Of(err)
	if class == failure.Transient || class == failure.Fatal && errors.Is(err, context.DeadlineExceeded) {
		if e != nil {
			h.outage.refusing(e.lane, at)
		}
		return // the edge delivers it again
	}
	s.fail(at)
}

// newLanes makes the edges of a session.
func (s *session) newLanes() *lanes.PubSub {
	return lanes.New(lanes.Config{
		Lane: laneOf,
		Acked: func(consumer string, m *message.Message) {
			if h := s.byName[consumer]; h != nil {
				h.acked(envelopeOf(m))
			}
		},
		Retry: func(consumer string, m *message.Message, attempt int, pause time.Duration) {
			if h := s.byName[consumer]; h != nil {
				h.retrying(envelopeOf(m), attempt, pause)
			}
		},
		Left: func(string) { s.fail(errRouterClosed) }, // but where the session has ended
		Idle: s.idle,
	})
}

// publish hands an envelope to a topic, outside of a handler.
func (s *session) publish(topic string, e *envelope) error {
	return s.lanes.Publish(topic, newMessage(s.ctx, e, nil))
}

// nudge puts an envelope after what waits in front of a node.
func (s *session) nudge(n *Node, e *envelope) {
	s.lanes.Nudge(n.in(), n.Name, newMessage(s.ctx, e, nil))
}

// serve runs the router until the session's context ends. That it is closed before
// that, as by a plugin, is seen by the edges: its subscriptions end. It would wait
// for messages that nobody takes any more.
func (s *session) serve(r *message.Router) (<-chan error, error) {
	done := make(chan error, 1)
	go func() { done <- called(func() error { return r.Run(s.ctx) }) }()
	select {
	case <-r.Running():
	case err := <-done:
		if err == nil { // it had run, and was closed before anyone saw it
			return nil, errors.Join(errRouterClosed, s.lanes.Close())
		}
		return nil, errors.Join(fmt.Errorf("start the router: %w", err), s.lanes.Close())
	}
	return done, nil
}

var errRouterClosed = errors.New("the router was closed from outside, by a plugin for instance: a graph ends by the context of Run, and drains then")
