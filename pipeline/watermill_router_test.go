package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/components/metrics"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// nodes are the handlers of the graph that wire makes with one stage.
var nodes = []string{"decode", "stage0", "online", "offline", "commit"}

// The hook and its plugins run with all handlers, once for each session.
func TestAPluginRunsEachTimeThatLanesOpen(t *testing.T) {
	var ran, fired atomic.Int64
	lost := stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		if fired.Add(1) == 1 {
			return pipeline.Restart(errors.New("lane lost"))
		}
		emit(rows)
		return nil
	})
	g := wire(&script{Partitions: sample(1, 30)}, newStores(), lost)
	g.Router(func(r *message.Router) error {
		r.AddPlugin(func(r *message.Router) error {
			ran.Add(1)
			for _, name := range nodes {
				if r.Handlers()[name] == nil {
					t.Errorf("no handler of %s", name)
				}
			}
			return nil
		})
		return nil
	})
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	if n := ran.Load(); n != 2 {
		t.Errorf("the plugin ran %d times, want 2", n)
	}
}

func TestPrometheusMetricsOfEveryNode(t *testing.T) {
	registry := prometheus.NewRegistry()
	g := wire(&script{Partitions: sample(2, 30), Chunk: 3}, newStores(), stage(pass))
	g.Router(func(r *message.Router) error {
		metrics.NewPrometheusMetricsBuilder(registry, "features", "").AddPrometheusRouterMetrics(r)
		return nil
	})
	for range 2 { // they are registered again by a second run
		if err := run(t, g); err != nil {
			t.Fatal(err)
		}
	}
	handled := observed(t, registry, "features_handler_execution_time_seconds")
	published := observed(t, registry, "features_publish_time_seconds")
	for i, node := range nodes {
		if handled[node] < 20 && node != "commit" || handled[node] == 0 {
			t.Errorf("%s handled %d messages, and read 20 batches", node, handled[node])
		}
		if i < 2 && published[node] < 20 {
			t.Errorf("%s published %d messages, and read 20 batches", node, published[node])
		}
	}
}

// observed is how often something was counted or timed, by node.
func observed(t *testing.T, registry *prometheus.Registry, name string) map[string]int {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "handler_name" {
					counts[l.GetValue()] += int(m.GetHistogram().GetSampleCount()) + int(m.GetCounter().GetValue())
				}
			}
		}
	}
	return counts
}

// A decorated publisher and subscriber see a node's batches, and what the first
// notes in metadata the second finds at the next node.
func TestDecoratorsSeeEveryBatch(t *testing.T) {
	var seen seenBy
	g := wire(&script{Partitions: sample(1, 30)}, newStores(), stage(pass))
	g.Router(func(r *message.Router) error {
		r.AddPublisherDecorators(message.MessageTransformPublisherDecorator(func(m *message.Message) {
			m.Metadata.Set("by", message.HandlerNameFromCtx(m.Context()))
		}))
		r.AddSubscriberDecorators(message.MessageTransformSubscriberDecorator(func(m *message.Message) {
			if pipeline.BatchOf(m) != nil {
				seen.note(m, m.Metadata.Get("by"))
			}
		}))
		return nil
	})
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	for node, by := range map[string]string{"decode": "", "stage0": "decode", "online": "stage0", "offline": "stage0"} {
		if got := seen.node[node]; len(got) != 1 || got[by] != 30 {
			t.Errorf("%s received %v, want 30 by %q", node, got, by)
		}
	}
}

func TestAHandlerOfOnesOwnRunsBesideTheGraphs(t *testing.T) {
	channel := gochannel.NewGoChannel(gochannel.Config{Persistent: true}, nil)
	if err := channel.Publish("orders", message.NewMessage(watermill.NewUUID(), []byte("one"))); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	g := wire(&script{Partitions: sample(1, 30), Follow: true}, newStores())
	g.Router(func(r *message.Router) error {
		r.AddConsumerHandler("orders", "orders", channel, func(m *message.Message) error {
			got <- string(m.Payload)
			return nil
		})
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	if order := <-got; order != "one" {
		t.Errorf("got %q", order)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// text is a log that may be read while it is written.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *text) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func TestWatermillsLogGoesToTheGraphs(t *testing.T) {
	for level, want := range map[slog.Level]bool{slog.LevelDebug: true, slog.LevelInfo: false} {
		var log text
		g := wire(&script{Partitions: sample(1, 30)}, newStores())
		g.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))
		g.Router(func(r *message.Router) error {
			r.AddPlugin(func(r *message.Router) error {
				r.Logger().Info("my plugin is here", nil)
				return nil
			})
			return nil
		})
		if err := run(t, g); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{`msg="my plugin is here"`, `msg="Starting handler"`, "subscriber_name=decode"} {
			if got := strings.Contains(log.b.String(), line); got != want {
				t.Errorf("at %v %q is there: %v\n%s", level, line, got, &log.b)
			}
		}
	}
}

// What a decorator keeps from being published comes again, and the log says why.
func TestADecoratorThatFailsIsWaitedForAndLogged(t *testing.T) {
	var failed atomic.Int64
	var log text
	g := wire(&script{Partitions: sample(1, 30)}, newStores())
	g.Logger = slog.New(slog.NewTextHandler(&log, nil))
	g.Router(func(r *message.Router) error {
		r.AddPublisherDecorators(func(next message.Publisher) (message.Publisher, error) {
			return decoratedPublisher{next, func(next message.Publisher, topic string, list []*message.Message) error {
				if failed.Add(1) < 3 {
					return errors.New("the meter is away")
				}
				return next.Publish(topic, list...)
			}}, nil
		})
		return nil
	})
	if err := bounded(t, g, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	mustBalance(t, g, 30)
	for _, line := range []string{"batch failed, will retry", "could not be published", "batches go through again"} {
		if strings.Count(log.b.String(), line) != 1 {
			t.Errorf("%q is not there once in\n%s", line, &log.b)
		}
	}
}
