package pipeline

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/engine"
)

// routing is what a person gives a graph in Watermill's own types.
type routing struct {
	middleware []message.HandlerMiddleware
	configure  []func(*message.Router) error
	rejects    bool              // DeadLetters was called
	publisher  message.Publisher // of dead letters
	topic      string
}

func (r *routing) deadLetters() bool { return r.publisher != nil }

// Use wraps every node in Watermill middleware: recovery, retry, throttling,
// time-outs, circuit breakers, metrics, tracing. Batches travel in a message's
// context (see BatchOf), so middleware that reads payloads has no place here,
// nor has one that acknowledges messages itself. Check names those of
// Watermill's own that can't work; any other that loses or replaces a batch
// stops the graph.
func (g *Graph) Use(m ...message.HandlerMiddleware) {
	g.router.middleware = append(g.router.middleware, m...)
}

// Router gives access to Watermill's own router before it runs, for its plugins,
// metrics and decorators. It is called each time that the graph opens its lanes,
// with the graph's handlers in it, one a node but for the sources.
func (g *Graph) Router(configure func(*message.Router) error) {
	g.router.configure = append(g.router.configure, configure)
}

// BatchOf is the batch that a message carries: feature.Records, *feature.Rows or
// Receipt, or nil in the graph's own messages. It is for Watermill middleware,
// which finds an empty payload.
func BatchOf(m *message.Message) any {
	b := engine.BatchOf(m)
	if r, ok := b.(engine.Receipt); ok {
		return Receipt(r)
	}
	return b
}

// LaneOf is the lane that a message belongs to, or nil outside of a graph.
func LaneOf(m *message.Message) *feature.Lane { return engine.LaneOf(m) }

// unfit says why some of Watermill's own middleware can't work on batches.
var unfit = map[string]string{
	"InstantAck":               "it acknowledges a batch before it is done, so that rows would be lost",
	"poisonQueue.Middleware":   "it publishes the message's payload, which is empty: DeadLetters takes records that can't be rows",
	"Deduplicator).Middleware": "it compares payloads, which are empty: stages.Dedup drops duplicates",
	"Duplicator":               "it handles each message twice, of which the second time is refused",
}

// check reports what is known to be wrong with middleware and publisher before the start.
func (r *routing) check() []error {
	var errs []error
	for i, m := range r.middleware {
		if m == nil {
			errs = append(errs, fmt.Errorf("Use: middleware %d is nil", i))
			continue
		}
		name := runtime.FuncForPC(reflect.ValueOf(m).Pointer()).Name()
		for known, why := range unfit {
			if strings.Contains(name, "watermill/message/router/middleware.") && strings.Contains(name, known) {
				errs = append(errs, fmt.Errorf("Use: %s can't work here: %s", name[strings.LastIndex(name, "/")+1:], why))
			}
		}
	}
	for _, f := range r.configure {
		if f == nil {
			errs = append(errs, fmt.Errorf("Router: the function is nil"))
		}
	}
	if r.rejects && isNil(r.publisher) {
		errs = append(errs, fmt.Errorf("DeadLetters: the publisher is nil"))
	}
	if r.rejects && r.topic == "" {
		errs = append(errs, fmt.Errorf("DeadLetters: no topic"))
	}
	return errs
}
