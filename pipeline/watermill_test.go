package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// These are the rows of the README's table of Watermill's parts that are about
// middleware; watermill_router_test.go has those about the router.

// failing makes a stage of which the first calls for each batch fail.
func failing(times int, fail func(ctx context.Context) error) stage {
	var mu sync.Mutex
	failed := map[feature.Span]int{}
	return func(ctx context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		mu.Lock()
		failed[rows.Span()]++
		again := failed[rows.Span()] <= times
		mu.Unlock()
		if again {
			return fail(ctx)
		}
		emit(rows)
		return nil
	}
}

// under runs a log of 30 rows through a stage under middleware.
func under(t *testing.T, s stage, m ...message.HandlerMiddleware) error {
	t.Helper()
	st := newStores()
	g := wire(&script{Partitions: sample(1, 30)}, st, s)
	g.Use(m...)
	err := bounded(t, g, 20*time.Second)
	if err == nil {
		mustBalance(t, g, 30)
		if n := count(t, st.online); n != 7 {
			t.Errorf("online holds %d keys, want 7", n)
		}
	}
	return err
}

func TestRetryTriesAgainBeforeAnErrorStopsTheGraph(t *testing.T) {
	fatal := func(context.Context) error { return errors.New("no such table") }
	retry := middleware.Retry{MaxRetries: 2, InitialInterval: time.Millisecond}
	if err := under(t, failing(2, fatal), retry.Middleware); err != nil {
		t.Errorf("two failures and two retries: %v", err)
	}
	if err := under(t, failing(3, fatal), retry.Middleware); err == nil || err.Error() != `node "stage0": log/0@0: no such table` {
		t.Errorf("three failures and two retries: %v", err)
	}
}

func TestRecovererMakesAnErrorOfAPanic(t *testing.T) {
	panics := func(context.Context) error { panic("oops") }
	err := under(t, failing(1, panics), middleware.Recoverer)
	var at *pipeline.Error
	if panicked := new(middleware.RecoveredPanicError); !errors.As(err, panicked) || !errors.As(err, &at) || at.Node != "stage0" {
		t.Errorf("got %v", err)
	}
	if err := under(t, failing(1, panics), middleware.Retry{MaxRetries: 1, InitialInterval: time.Millisecond}.Middleware, middleware.Recoverer); err != nil {
		t.Errorf("with a retry around it: %v", err)
	}
}

// The stage waits for as long as it may; the edge brings the batch again.
func TestTimeoutEndsACallAndTheBatchComesAgain(t *testing.T) {
	waits := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := under(t, failing(1, waits), middleware.Timeout(5*time.Millisecond)); err != nil {
		t.Error(err)
	}
	retry := middleware.Retry{MaxRetries: 1, InitialInterval: time.Millisecond, ResetContextOnRetry: true}
	if err := under(t, failing(1, waits), retry.Middleware, middleware.Timeout(5*time.Millisecond)); err != nil {
		t.Errorf("with a retry around it: %v", err)
	}
}

func TestThrottleBoundsTheBatchesPerSecond(t *testing.T) {
	const tick = 2 * time.Millisecond
	var handled atomic.Int64
	began := time.Now()
	if err := under(t, stage(pass), middleware.NewThrottle(int64(time.Second/tick), time.Second).Middleware, countsBatches(&handled)); err != nil {
		t.Fatal(err)
	}
	if n := handled.Load(); n < 30 || time.Since(began) < time.Duration(n-2)*tick {
		t.Errorf("%d messages in %v", n, time.Since(began))
	}
}

func countsBatches(n *atomic.Int64) message.HandlerMiddleware {
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) ([]*message.Message, error) {
			n.Add(1)
			return next(m)
		}
	}
}

// An error that it doesn't ignore is as without it; one that it does would lose
// the batch, and stops the graph.
func TestIgnoreErrorsCannotIgnoreABatch(t *testing.T) {
	away, odd := errors.New("away"), errors.New("odd")
	ignore := middleware.NewIgnoreErrors([]error{odd}).Middleware
	if err := under(t, failing(1, func(context.Context) error { return pipeline.Transient(away) }), ignore); err != nil {
		t.Error(err)
	}
	err := under(t, failing(1, func(context.Context) error { return odd }), ignore)
	if err == nil || !strings.HasPrefix(err.Error(), `node "stage0": log/0@0: a middleware swallowed a batch`) {
		t.Errorf("got %v", err)
	}
}

func TestRandomFailAndDelayOnErrorOnlyTakeTime(t *testing.T) {
	delay := &middleware.DelayOnError{InitialInterval: time.Hour, MaxInterval: time.Hour, Multiplier: 2}
	if err := under(t, stage(pass), delay.Middleware, middleware.RandomFail(0.2)); err != nil {
		t.Error(err)
	}
}

// seenBy gathers what a middleware finds in metadata, by node.
type seenBy struct {
	mu   sync.Mutex
	node map[string]map[string]int
}

func (s *seenBy) note(m *message.Message, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := message.HandlerNameFromCtx(m.Context())
	if s.node == nil {
		s.node = map[string]map[string]int{}
	}
	if s.node[name] == nil {
		s.node[name] = map[string]int{}
	}
	s.node[name][value]++
}

// A source's messages come without metadata: the first node gives each its ID.
func TestACorrelationIDGoesFromTheFirstNodeToTheSinks(t *testing.T) {
	var seen seenBy
	first := func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) ([]*message.Message, error) {
			if pipeline.BatchOf(m) == nil {
				return next(m)
			}
			if message.HandlerNameFromCtx(m.Context()) == "decode" {
				middleware.SetCorrelationID(fmt.Sprint("from ", pipeline.BatchOf(m).(feature.Records).Span.From), m)
			}
			seen.note(m, middleware.MessageCorrelationID(m))
			return next(m)
		}
	}
	away := func(context.Context) error { return pipeline.Transient(errors.New("away")) }
	if err := under(t, failing(1, away), first, middleware.CorrelationID); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Keys(seen.node["decode"]))
	if len(want) != 30 {
		t.Errorf("decode saw %q, want 30 batches of one row", want)
	}
	for _, node := range []string{"stage0", "online", "offline"} {
		if got := slices.Sorted(maps.Keys(seen.node[node])); !slices.Equal(got, want) {
			t.Errorf("%s saw %q, want %q", node, got, want)
		}
	}
}

// A tracer's middleware continues the trace that it finds and leaves its own
// span for the next: each node's parent is the node before it.
func TestTracesLinkFromNodeToNode(t *testing.T) {
	const parent = "traceparent"
	var links seenBy
	trace := func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) ([]*message.Message, error) {
			if pipeline.BatchOf(m) != nil {
				links.note(m, m.Metadata.Get(parent))
			}
			type span struct{}
			m.SetContext(context.WithValue(m.Context(), span{}, m.UUID))
			out, err := next(m)
			for _, o := range out {
				o.Metadata.Set(parent, message.HandlerNameFromCtx(m.Context()))
			}
			return out, err
		}
	}
	if err := under(t, stage(pass), trace); err != nil {
		t.Fatal(err)
	}
	for node, before := range map[string]string{"decode": "", "stage0": "decode", "online": "stage0", "offline": "stage0"} {
		if got := links.node[node]; len(got) != 1 || got[before] != 30 {
			t.Errorf("%s follows %v, want 30 from %q", node, got, before)
		}
	}
}
