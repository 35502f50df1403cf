package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/components/metrics"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// once is a stage that fails once, and one that panics once.
func once(how func() error) stage {
	var failed atomic.Bool
	return func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		if rows.Span().From > 0 && !failed.Swap(true) {
			if err := how(); err != nil {
				return err
			}
		}
		emit(rows)
		return nil
	}
}

var errOnce = errors.New("once")

func passes() error { return nil }

func fails() error { return errOnce }

func failsAndMayPass() error { return pipeline.Transient(errOnce) }

// Watermill's own parts, each as its users have it. The table is the one in the
// README; what Check refuses is in TestMiddlewareThatCannotWorkIsNamedByCheck.
func TestWatermillsOwnPartsWork(t *testing.T) {
	for name, c := range map[string]struct {
		stage func() error
		use   message.HandlerMiddleware
	}{
		"Retry":          {fails, middleware.Retry{MaxRetries: 3, InitialInterval: time.Millisecond}.Middleware},
		"Recoverer":      {passes, middleware.Recoverer},
		"Timeout":        {passes, middleware.Timeout(time.Minute)},
		"Throttle":       {passes, middleware.NewThrottle(1000, time.Second).Middleware},
		"CorrelationID":  {passes, middleware.CorrelationID},
		"IgnoreErrors":   {passes, middleware.NewIgnoreErrors([]error{errors.New("another")}).Middleware},
		"DelayOnError":   {failsAndMayPass, (&middleware.DelayOnError{InitialInterval: time.Millisecond, Multiplier: 2}).Middleware},
		"RandomFail":     {passes, middleware.RandomFail(0)},
		"CircuitBreaker": {failsAndMayPass, middleware.NewCircuitBreaker(gobreakerSettings()).Middleware},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStores()
			g := wire(&script{Partitions: sample(2, 30), Chunk: 3}, st, once(c.stage))
			g.Use(c.use)
			if err := run(t, g); err != nil {
				t.Fatal(err)
			}
			mustBalance(t, g, 60)
		})
	}
}

// Errors that IgnoreErrors would swallow are batches that would be lost.
func TestWhatSwallowsErrorsStopsTheGraph(t *testing.T) {
	g := wire(&script{Partitions: sample(2, 30)}, newStores(), once(fails))
	g.Use(middleware.NewIgnoreErrors([]error{errOnce}).Middleware)
	if err := run(t, g); err == nil {
		t.Error("a batch was lost without a word")
	}
}

// The router is the user's too, before it runs: its metrics, decorators and plugins.
func TestTheRouterTakesMetricsDecoratorsAndPlugins(t *testing.T) {
	registry, plugged := prometheus.NewRegistry(), 0
	g := wire(&script{Partitions: sample(2, 30)}, newStores(), stage(pass))
	g.Router(func(r *message.Router) error {
		metrics.NewPrometheusMetricsBuilder(registry, "tandem", "graph").AddPrometheusRouterMetrics(r)
		r.AddPlugin(func(*message.Router) error {
			plugged++
			return nil
		})
		if len(r.Handlers()) != 5 {
			t.Errorf("the hook sees %d handlers of 5 nodes", len(r.Handlers()))
		}
		return nil
	})
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	mustBalance(t, g, 60)
	if plugged != 1 {
		t.Errorf("the plugin was called %d times", plugged)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "handler_name" && f.GetName() == "tandem_graph_handler_execution_time_seconds" {
					counted[l.GetValue()] += float64(m.GetHistogram().GetSampleCount())
				}
			}
		}
	}
	for _, node := range []string{"decode", "stage0", "online", "offline", "commit"} {
		if counted[node] < 1 {
			t.Errorf("no metric of node %q among %v", node, counted)
		}
	}
}

func TestAHookThatFailsEndsTheRun(t *testing.T) {
	g := wire(&script{}, newStores())
	g.Router(func(*message.Router) error { return errOnce })
	if err := g.Run(t.Context()); !errors.Is(err, errOnce) {
		t.Errorf("got %v", err)
	}
}

// What a middleware notes in a message's metadata goes on with what comes of the
// message, so that a trace is one from the first node to the last.
func TestMetadataGoesOnFromNodeToNode(t *testing.T) {
	var mu sync.Mutex
	traced, ids := map[string]int{}, map[string]bool{}
	g := wire(&script{Partitions: sample(2, 30)}, newStores(), stage(pass))
	g.Use(func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) ([]*message.Message, error) {
			node := message.HandlerNameFromCtx(m.Context())
			if node == "decode" {
				m.Metadata.Set("traceparent", "00-"+m.UUID)
			}
			mu.Lock()
			if pipeline.BatchOf(m) != nil && m.Metadata.Get("traceparent") != "" {
				traced[node]++
			}
			if m.UUID == "" || ids[node+m.UUID] {
				t.Errorf("a message of %q has the UUID %q of another", node, m.UUID)
			}
			ids[node+m.UUID] = true
			mu.Unlock()
			return next(m)
		}
	})
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	for _, node := range []string{"decode", "stage0", "online", "offline"} {
		if traced[node] != 60 {
			t.Errorf("%d of 60 batches are traced at %q", traced[node], node)
		}
	}
}
