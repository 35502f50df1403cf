package insync_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/insync"
)

func TestStoresThatStandStillAgree(t *testing.T) {
	eachOrder(t, func(t *testing.T, o feature.Order) {
		w := newWorld(t, seed(t), o, sqliteIn(t))
		w.send(3000)
		w.run()
		v := w.verify()
		if !v.OK() || v.Keys != 50 || v.Count[insync.Equal] != 50 || v.Deleted == 0 || v.Exit() != 0 || v.Snapshot == "" {
			t.Error(v)
		}
	})
}

// While a graph writes, whatever one store has first is no difference: neither
// where deletes can be seen nor where they can't.
func TestThereAreNoFalseAlarmsWhileAGraphWrites(t *testing.T) {
	eachOrder(t, func(t *testing.T, o feature.Order) {
		for _, hides := range []bool{false, true} {
			t.Run(fmt.Sprintf("hides=%v", hides), func(t *testing.T) {
				store := sqliteIn(t)
				w := newWorld(t, seed(t), o, store)
				w.send(500)
				w.run()
				if hides {
					w.online = hidden{store}
				}
				stop := w.keepWriting()
				settings := w.settings()
				settings.Settle = 20 * time.Second
				var moving int64
				for range 15 {
					v, err := settings.Run(t.Context())
					if err != nil || !v.OK() {
						t.Error(v, err)
					}
					moving += v.Count[insync.Ahead] + v.Count[insync.Lagging]
				}
				stop()
				if moving == 0 {
					t.Error("the stores never were apart")
				}
				if v := w.verify(); !v.OK() || v.Count[insync.Equal] != v.Keys {
					t.Errorf("at the end: %v", v)
				}
			})
		}
	})
}

// keepWriting has a graph run and the log grow until stop is called, which waits until all is durable.
func (w *world) keepWriting() (stop func()) {
	ctx, cancel := context.WithCancel(w.Context())
	ran, sent := make(chan error, 1), make(chan struct{})
	g := w.graph(false)
	go func() { ran <- g.Run(ctx) }()
	go func() {
		defer close(sent)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			w.send(1 + w.rand.IntN(8))
			<-tick.C
		}
	}()
	return func() {
		cancel()
		<-sent
		if err := <-ran; err != nil {
			w.Error(err)
		}
		w.run()
	}
}

func TestAShareOfTheKeysAndAListOfThem(t *testing.T) {
	w := newWorld(t, seed(t), feature.ByEventTime, sqliteIn(t))
	w.keys = 400
	w.send(3000)
	w.keep("key-7", "key-8")
	w.run()
	s := w.settings()
	s.Share = 0.25
	if v, err := s.Run(t.Context()); err != nil || !v.OK() || v.Keys < 50 || v.Keys > 150 {
		t.Error(v, err)
	}
	s = w.settings()
	s.Keys = [][]any{{"key-7"}, {"key-8"}, {"nobody"}}
	if v, err := s.Run(t.Context()); err != nil || !v.OK() || v.Keys != 2 {
		t.Error(v, err)
	}
	s.Keys = [][]any{{"key-7", int64(1)}}
	if _, err := s.Run(t.Context()); err == nil {
		t.Error("a key of two columns is taken for one")
	}
}

// Where a branch filters on its own, the comparison takes the same function.
func TestWhatABranchDoesIsExpected(t *testing.T) {
	w := newWorld(t, seed(t), feature.ByLog, sqliteIn(t))
	w.send(1000)
	w.keep("key-7")
	w.run()
	s := w.settings()
	s.Expect = func(r feature.Stored) (feature.Stored, bool) { return r, r.Values[0] != "key-7" }
	v, err := s.Run(t.Context())
	if err != nil || v.Found() != 1 || v.Count[insync.Extra] != 1 || v.Faults[0].Key[0] != "key-7" {
		t.Error(v, err)
	}
}

func TestAVerificationCanBeInterrupted(t *testing.T) {
	w := newWorld(t, seed(t), feature.ByLog, sqliteIn(t))
	w.send(2000)
	w.run()
	ctx, cancel := context.WithCancel(t.Context())
	s := w.settings()
	s.Rate = 1000
	s.Step = func(string, int64, int64) { cancel() }
	if _, err := s.Run(ctx); err == nil {
		t.Error("it went on")
	}
}
