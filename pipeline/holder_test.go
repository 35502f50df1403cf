package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages"
)

func TestABatchGathersOnlyWhileTheNextNodeIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, gate := make(chan struct{}), make(chan struct{})
		var calls, largest atomic.Int64
		slow := stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
			if calls.Add(1) == 1 {
				close(first)
				<-gate
			}
			largest.Store(max(largest.Load(), int64(rows.Len())))
			emit(rows)
			return nil
		})
		src := &script{Partitions: sample(1, 300), Chunk: 3, Follow: true}
		g := wire(src, newStores(), stages.Batch{MaxRows: 60}, slow)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		<-first
		synctest.Wait() // until the batch has all that was pushed
		if n := g.Stats()[2].Rows; n != 300 {
			t.Errorf("the batch was given %d rows while the next node was busy, want all 300", n)
		}
		close(gate)
		synctest.Wait()
		if n := g.Stats()[3].Rows; n != 300 {
			t.Errorf("%d rows went on once the next node was idle, want all 300", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		mustBalance(t, g, 300)
		if largest.Load() < 50 {
			t.Errorf("the largest batch has %d rows, want nearly 60", largest.Load())
		}
	})
}

func TestARowAloneDoesNotWaitInABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := wire(&script{Partitions: sample(1, 1), Follow: true}, newStores(), stages.Batch{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		synctest.Wait()
		if n := g.Stats()[3].Rows; n != 1 {
			t.Errorf("%d rows went on, want the one", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

func TestADelayHandsOverWhenItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := wire(&script{Partitions: sample(1, 10), Chunk: 2, Follow: true}, newStores(), stages.Batch{Delay: 20 * time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		time.Sleep(19 * time.Millisecond)
		synctest.Wait()
		if n := g.Stats()[3].Rows; n != 0 {
			t.Errorf("%d rows went on before the delay was over", n)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if n := g.Stats()[3].Rows; n != 10 {
			t.Errorf("%d rows went on once the delay was over, want all 10", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if s := g.Stats()[3]; s.Batches > 3 {
			t.Errorf("10 rows came in %d batches", s.Batches)
		}
	})
}

// letters is a publisher that keeps what it is given, and fails now and then.
type letters struct {
	mu    sync.Mutex
	calls int
	got   []*message.Message
}

func (l *letters) Publish(_ string, m ...*message.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.calls%2 == 1 {
		return errors.New("not now")
	}
	l.got = append(l.got, m...)
	return nil
}

func (l *letters) Close() error { return nil }

func TestADeadLetterSaysWhereItCameFromAndIsSafeBeforeItCounts(t *testing.T) {
	dead := &letters{}
	g := wire(&script{Partitions: [][]string{{"a=1", "nonsense", "b=2"}}, Chunk: 3}, newStores())
	g.DeadLetters(dead, "dead")
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	mustBalance(t, g, 3)
	if n := g.Ledger().Sinks["online"].Dead; n != 1 {
		t.Errorf("%d rows are counted as dead", n)
	}
	if len(dead.got) != 1 || dead.calls != 2 {
		t.Fatalf("%d dead letters in %d calls", len(dead.got), dead.calls)
	}
	m := dead.got[0]
	for k, want := range map[string]string{
		pipeline.HeaderTopic: "log", pipeline.HeaderPartition: "0", pipeline.HeaderOffset: "1",
		pipeline.HeaderErrorClass: "undecodable", pipeline.HeaderNode: "decode", pipeline.HeaderError: "want key=value",
	} {
		if got := m.Metadata.Get(k); got != want {
			t.Errorf("%s is %q, want %q", k, got, want)
		}
	}
	if string(m.Payload) != "nonsense" {
		t.Errorf("payload %q", m.Payload)
	}
}
