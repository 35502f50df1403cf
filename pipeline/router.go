package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/lanes"
)

// routing is what a person gives a graph in Watermill's own types.
type routing struct {
	middleware []message.HandlerMiddleware
	publisher  message.Publisher // of dead letters
	topic      string
}

func (r *routing) deadLetters() bool { return r.publisher != nil }

// Use wraps every node in Watermill middleware: recovery, retry, throttling,
// time-outs, circuit breakers, metrics, tracing. Middleware that reads payloads
// (PoisonQueue, Deduplicator) has no place here: batches travel in a message's
// context (see BatchOf), and one that comes out neither published nor refused
// stops the graph.
func (g *Graph) Use(m ...message.HandlerMiddleware) {
	g.router.middleware = append(g.router.middleware, m...)
}

// route makes one router handler of each node but the sources, which publish.
func (s *session) route() (*message.Router, error) {
	r, err := message.NewRouter(message.RouterConfig{CloseTimeout: time.Minute}, watermill.NopLogger{})
	if err != nil {
		return nil, err
	}
	for _, n := range s.g.nodes {
		if n.kind == aSource {
			continue
		}
		s.lanes.Declare(n.in(), n.name)
		h := s.handlers[n]
		r.AddHandler(n.name, n.in(), s.lanes.Consumer(n.name), n.topic(), publisher{s.lanes, &n.stats}, h.handle).
			AddMiddleware(append([]message.HandlerMiddleware{s.guard(h)}, s.g.router.middleware...)...)
	}
	return r, nil
}

// publisher keeps a router that stops one handler from closing the others' edges,
// and notes how long the node is held up by those after it.
type publisher struct {
	*lanes.PubSub
	stats *counters
}

func (p publisher) Publish(topic string, msgs ...*message.Message) error {
	if len(msgs) == 0 {
		return nil
	}
	began := time.Now()
	defer func() { p.stats.blocked.Add(int64(time.Since(began))) }()
	return p.PubSub.Publish(topic, msgs...)
}

func (publisher) Close() error { return nil }

// guard is the outermost middleware: it sees what is left once the user's have
// done theirs. What passes by itself comes again, everything else ends the
// session.
func (s *session) guard(h *handler) message.HandlerMiddleware {
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) (out []*message.Message, err error) {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
				}
				if err != nil {
					s.refused(h, envelopeOf(m), err)
				}
			}()
			deepen()
			called := false
			m.SetContext(context.WithValue(m.Context(), calledKey{}, &called))
			out, err = next(m)
			switch {
			case err == nil:
				err = h.accounted(envelopeOf(m), out)
			case !called:
				err = Transient(err) // a middleware refused it unseen, as an open circuit breaker does
			}
			return out, err
		}
	}
}

// deepen makes room on the stack. A router starts a goroutine for each message,
// with a stack too small for a stage's calls: it would be copied again and again
// on their way down, with all the frames that are on it by then.
//
//go:noinline
func deepen() {
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
	at := locate(h.n.name, e, err)
	if IsTransient(err) || errors.Is(err, context.DeadlineExceeded) && !IsRestart(err) {
		h.log.Warn("tried again", "error", at)
		return
	}
	s.fail(at)
}

// locate adds node and place to an error, each once.
func locate(name string, e *envelope, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	located := &Error{Node: name, Err: err}
	var at *RecordError
	if e != nil && !errors.As(err, &at) && !hasPlace(err) {
		located.Place = placeOf(e.lane, e.batch)
	}
	return located
}

func hasPlace(err error) bool {
	var loss *DataLossError
	return errors.As(err, &loss)
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
		Idle: s.idle,
	})
}

// publish hands an envelope to a topic, outside of a handler.
func (s *session) publish(topic string, e *envelope) error {
	return s.lanes.Publish(topic, newMessage(s.ctx, e))
}

// nudge puts an envelope behind what waits in front of a node.
func (s *session) nudge(n *node, e *envelope) {
	s.lanes.Nudge(n.in(), n.name, newMessage(s.ctx, e))
}

// serve runs the router until the session's context ends.
func serve(ctx context.Context, r *message.Router) <-chan error {
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	<-r.Running()
	return done
}
