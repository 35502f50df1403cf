package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
)

type stores struct{ online, offline *memstore.Sink }

func newStores() stores {
	return stores{&memstore.Sink{}, &memstore.Sink{For: feature.Offline, HoldRows: 10}}
}

// wire makes the graph of these tests: decode, the given stages, both stores.
func wire(src pipeline.Source, st stores, between ...pipeline.Spec[*feature.Rows, *feature.Rows]) *pipeline.Graph {
	g := pipeline.New("test")
	g.Logger = quiet
	rows := pipeline.Via(pipeline.From(g, "log", src), "decode", decode{})
	for i, s := range between {
		rows = pipeline.Via(rows, "stage"+string(rune('0'+i)), s)
	}
	pipeline.Join(g, "commit", commit{}, pipeline.To(rows, "online", st.online), pipeline.To(rows, "offline", st.offline))
	return g
}

func run(t *testing.T, g *pipeline.Graph) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := g.Run(ctx)
	if ctx.Err() != nil {
		t.Fatalf("the graph did not end: %v", err)
	}
	return err
}

func count(t *testing.T, s *memstore.Sink) int {
	t.Helper()
	n := 0
	for _, err := range s.Scan(t.Context(), pairSchema()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func mustBalance(t *testing.T, g *pipeline.Graph, read int64) {
	t.Helper()
	l := g.Ledger()
	if l.Read != read {
		t.Errorf("read %d, want %d", l.Read, read)
	}
	for name, s := range l.Sinks {
		if !s.Balanced() || s.Read != read {
			t.Errorf("%s: %+v doesn't add up to %d", name, s, read)
		}
	}
}

func TestEveryRowReachesBothStores(t *testing.T) {
	src, st := &script{Partitions: sample(3, 100), Chunk: 3}, newStores()
	g := wire(src, st)
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	if got := count(t, st.online); got != 3*7 {
		t.Errorf("online holds %d rows, want 21", got)
	}
	mustBalance(t, g, 300)
	for p, next := range src.committed {
		if next != 100 {
			t.Errorf("partition %d committed %d, want 100", p, next)
		}
	}
}

func TestASecondRunGoesOnWhereTheStoresAre(t *testing.T) {
	st := newStores()
	if err := run(t, wire(&script{Partitions: sample(2, 50)}, st)); err != nil {
		t.Fatal(err)
	}
	g := wire(&script{Partitions: sample(2, 80)}, st)
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	mustBalance(t, g, 60)
}

func TestATransientErrorComesAgainInOrder(t *testing.T) {
	var calls, failures atomic.Int64
	last := map[int32]int64{}
	flaky := stage(func(_ context.Context, n *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		if calls.Add(1)%3 == 1 {
			failures.Add(1)
			return pipeline.Transient(errors.New("try later"))
		}
		if from := rows.Span().From; from != last[0] {
			t.Errorf("offset %d after %d", from, last[0])
		}
		last[0] = rows.Span().To
		emit(rows)
		return nil
	})
	g := wire(&script{Partitions: sample(1, 60)}, newStores(), flaky)
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	if failures.Load() == 0 {
		t.Error("the fault never fired")
	}
	mustBalance(t, g, 60)
}

func TestAnErrorNamesNodePlaceAndCause(t *testing.T) {
	broken := stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		if rows.Span().From == 30 {
			return errors.New("no such thing")
		}
		emit(rows)
		return nil
	})
	err := run(t, wire(&script{Partitions: sample(1, 60)}, newStores(), broken))
	if err == nil || err.Error() != `node "stage0": log/0@30: no such thing` {
		t.Errorf("got %v", err)
	}
}

func TestAPanicStopsTheGraphWithItsNode(t *testing.T) {
	bad := stage(func(context.Context, *pipeline.Node, *feature.Rows, func(*feature.Rows)) error { panic("oops") })
	err := run(t, wire(&script{Partitions: sample(1, 5)}, newStores(), bad))
	var at *pipeline.Error
	if !errors.As(err, &at) || at.Node != "stage0" || !strings.Contains(err.Error(), "oops") {
		t.Errorf("got %v", err)
	}
}

func TestAStageThatLosesRowsStopsTheGraph(t *testing.T) {
	hole := stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		return nil
	})
	err := run(t, wire(&script{Partitions: sample(1, 5)}, newStores(), hole))
	if err == nil || !strings.Contains(err.Error(), "would be lost") {
		t.Errorf("got %v", err)
	}
}

func TestAMiddlewareThatSwallowsABatchStopsTheGraph(t *testing.T) {
	g := wire(&script{Partitions: sample(1, 5)}, newStores())
	g.Use(func(message.HandlerFunc) message.HandlerFunc {
		return func(*message.Message) ([]*message.Message, error) { return nil, nil }
	})
	err := run(t, g)
	if err == nil || !strings.Contains(err.Error(), "swallowed") {
		t.Errorf("got %v", err)
	}
}

func TestWatermillMiddlewareWraps(t *testing.T) {
	var calls [2]atomic.Int64 // a lane
	flaky := stage(func(_ context.Context, n *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		if calls[n.Lane.Partition].Add(1)%2 == 1 {
			panic("now and then")
		}
		emit(rows)
		return nil
	})
	g := wire(&script{Partitions: sample(2, 40)}, newStores(), flaky)
	g.Use(middleware.Retry{MaxRetries: 5, InitialInterval: time.Millisecond}.Middleware, middleware.Recoverer)
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	mustBalance(t, g, 80)
}

func TestABadRecordWithoutADeadLetterPathStopsTheGraph(t *testing.T) {
	err := run(t, wire(&script{Partitions: [][]string{{"a=1", "b=2", "nonsense"}}}, newStores()))
	if err == nil || !strings.HasPrefix(err.Error(), `node "decode": log/0@2: undecodable: want key=value`) {
		t.Errorf("got %v", err)
	}
}

func TestTheEndOfTheContextDrains(t *testing.T) {
	halfway := make(chan struct{})
	var rows atomic.Int64
	passing := stage(func(_ context.Context, _ *pipeline.Node, in *feature.Rows, emit func(*feature.Rows)) error {
		if n := rows.Add(int64(in.Len())); n >= 500 && n-int64(in.Len()) < 500 {
			close(halfway)
		}
		emit(in)
		return nil
	})
	src, st := &script{Partitions: sample(2, 1000), Follow: true}, newStores()
	g := wire(src, st, passing)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	<-halfway
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	l := g.Ledger()
	mustBalance(t, g, l.Read)
	pushed := int64(0)
	for _, s := range g.Stats() {
		if s.Node == "log" {
			pushed = s.Rows
		}
	}
	if l.Read != pushed {
		t.Errorf("pushed %d rows and counted %d", pushed, l.Read)
	}
}

func TestADrainThatTakesTooLongIsAnError(t *testing.T) {
	stuck := stage(func(ctx context.Context, _ *pipeline.Node, _ *feature.Rows, _ func(*feature.Rows)) error {
		return pipeline.Transient(errors.New("for ever"))
	})
	g := wire(&script{Partitions: sample(1, 10), Follow: true}, newStores(), stuck)
	g.Drain = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := g.Run(ctx)
	if !errors.Is(err, pipeline.ErrDrain) || pipeline.IsTransient(err) {
		t.Errorf("got %v", err)
	}
	if want := ": log/0@0: for ever"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want it to end in %q", err, want)
	}
}

func TestARestartReopensLanesWhereTheStoresAre(t *testing.T) {
	var fired atomic.Int64
	zombie := stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		if rows.Span().From == 30 && fired.Add(1) == 1 {
			return pipeline.Restart(errors.New("lane lost"))
		}
		emit(rows)
		return nil
	})
	src, st := &script{Partitions: sample(2, 90)}, newStores()
	g := wire(src, st, zombie)
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	if src.opened != 4 {
		t.Errorf("opened %d lanes, want 2 and 2 again", src.opened)
	}
	mustBalance(t, g, 180)
	if got := count(t, st.online); got != 14 {
		t.Errorf("online holds %d rows, want 14", got)
	}
}

func TestMemoryIsBoundedByTheGraph(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		slow := stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
			<-gate
			emit(rows)
			return nil
		})
		g := wire(&script{Partitions: sample(8, 2000), Chunk: 1}, newStores(), slow)
		g.Memory = 20 << 10
		done := make(chan error, 1)
		go func() { done <- g.Run(t.Context()) }()
		synctest.Wait() // until the graph is full
		prev := g.Stats()[0].Rows
		if prev*100 > g.Memory+8*200 {
			t.Errorf("%d records of about 100 bytes were taken in, with %d bytes to hold them", prev, g.Memory)
		}
		close(gate)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		mustBalance(t, g, 16000)
	})
}
