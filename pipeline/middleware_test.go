package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/sony/gobreaker"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
)

func gobreakerSettings() gobreaker.Settings { return gobreaker.Settings{Timeout: time.Second} }

// A circuit breaker and a time-out, as the README promises.
func TestACircuitBreakerDoesNotEndTheGraph(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		down := stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
			if calls.Add(1) < 9 {
				return pipeline.Transient(errors.New("away"))
			}
			emit(rows)
			return nil
		})
		g := wire(&script{Partitions: sample(1, 9)}, newStores(), down)
		g.Use(func(next message.HandlerFunc) message.HandlerFunc {
			return middleware.NewCircuitBreaker(gobreakerSettings()).Middleware(next)
		})
		if err := bounded(t, g, 40*time.Second); err != nil {
			t.Error(err)
		}
	})
}

func TestATimeOutDoesNotCountTheWaitForAnotherSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		online := &hooked{write: func(_ context.Context, n *pipeline.SinkNode, l *feature.Lane, rows *feature.Rows) error {
			time.Sleep(30 * time.Millisecond)
			n.Durable(l, rows.Tally(feature.Online))
			return nil
		}}
		offline := &hooked{store: feature.Offline, held: &feature.Progress{}}
		g := pipeline.New("g")
		g.Logger = quiet
		rows := pipeline.Via(pipeline.From(g, "log", &script{Partitions: sample(1, 12), Chunk: 3}), "decode", decode{})
		pipeline.Join(g, "commit", commit{}, pipeline.To(rows, "online", online), pipeline.To(rows, "offline", offline))
		g.Use(middleware.Timeout(70 * time.Millisecond))
		if err := bounded(t, g, 10*time.Second); err != nil {
			t.Error(err)
		}
	})
}

// A stage that merges spans is named; the process doesn't die of it.
func TestAStageThatCutsSpansAnewIsNamed(t *testing.T) {
	merge := stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		s := rows.Span()
		mid := (s.From + s.To) / 2
		rows.Spans = []feature.Span{{From: s.From, To: mid}, {From: mid, To: s.To}}
		emit(rows)
		return nil
	})
	g := pipeline.New("g")
	g.Logger = quiet
	rows := pipeline.Via(pipeline.From(g, "log", &script{Partitions: sample(1, 9), Chunk: 3}), "decode", decode{})
	pipeline.Join(g, "commit", commit{}, pipeline.To(rows, "online", &memstore.Sink{}),
		pipeline.To(pipeline.Via(rows, "merge", merge), "offline", &memstore.Sink{For: feature.Offline}))
	err := bounded(t, g, 5*time.Second)
	if err == nil || !strings.HasPrefix(err.Error(), `node "merge"`) {
		t.Errorf("%.150v", err)
	}
}

// A source that leaves a gap is named, not the stage behind it.
func TestASourceThatLeavesAGapIsNamed(t *testing.T) {
	src := sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
		l := openLane(in, 0)
		l.Push(recs(0, 3), feature.Span{To: 3})
		l.Push(recs(5, 3), feature.Span{From: 5, To: 8})
		in.End(l)
		<-l.Done
		return nil
	})
	err := bounded(t, wire(src, newStores()), 5*time.Second)
	if err == nil || !strings.HasPrefix(err.Error(), `node "log"`) {
		t.Errorf("%v", err)
	}
}

// Faults keep their words.
type faulty struct {
	*script
	err error
}

func (f faulty) Check() error { return f.err }

func TestFaultsKeepTheirWords(t *testing.T) {
	for _, err := range []error{
		fmt.Errorf("settings of %q: %w", "eu", errors.Join(errors.New("no brokers"), errors.New("no topic"))),
		fmt.Errorf("%w: column %q: %w", errors.New("bad"), "x", errors.New("too long")),
	} {
		g := wire(faulty{&script{}, err}, newStores())
		got := g.Check()
		for _, word := range strings.Fields(err.Error()) {
			if got == nil || !strings.Contains(got.Error(), word) {
				t.Errorf("%q is missing in %q", word, got)
			}
		}
	}
}
