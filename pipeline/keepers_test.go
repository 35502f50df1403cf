package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
)

// Two sinks that keep progress: their counts are of one frontier.
func TestTwoKeepersResumeWithCountsOfOneFrontier(t *testing.T) {
	at := func(counted, a, b int64) *feature.Progress {
		return &feature.Progress{Counted: counted, Sinks: map[string]feature.SinkProgress{
			"a": {Next: a, Tally: feature.Tally{Read: counted, Written: counted}},
			"b": {Next: b, Tally: feature.Tally{Read: counted, Written: counted}},
		}}
	}
	src := sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
		p, _, err := in.Progress(ctx, "log", 0)
		for name, s := range p.Sinks {
			if s.Tally.Read != p.Counted {
				t.Errorf("the lane opens at %d, and %s has counted %d rows of it", p.Counted, name, s.Tally.Read)
			}
		}
		if p.Sinks["a"].Next != 50 || p.Sinks["b"].Next != 40 {
			t.Errorf("%+v", p)
		}
		return err
	})
	g := pipeline.New("g")
	g.Logger = quiet
	rows := pipeline.Via(pipeline.From(g, "log", src), "decode", decode{})
	pipeline.Join(g, "commit", commit{},
		pipeline.To(rows, "a", &hooked{store: feature.Offline, held: at(40, 50, 40)}),
		pipeline.To(rows, "b", &hooked{store: feature.Offline, held: at(20, 20, 40)}))
	if err := bounded(t, g, 5*time.Second); err != nil {
		t.Error(err)
	}
}

// A Write that only Close can end.
func TestDrainBoundsAWriteThatOnlyCloseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan struct{})
		wrote := make(chan struct{})
		var once sync.Once
		stuck := &hooked{
			write: func(context.Context, *pipeline.SinkNode, *feature.Lane, *feature.Rows) error {
				once.Do(func() { close(wrote) })
				<-closed
				return errors.New("closed")
			},
			close: func() error { close(closed); return nil },
		}
		g := pipeline.New("g")
		g.Logger = quiet
		g.Drain = 50 * time.Millisecond
		rows := pipeline.Via(pipeline.From(g, "log", &script{Partitions: sample(1, 9), Follow: true}), "decode", decode{})
		pipeline.Join(g, "commit", commit{}, pipeline.To(rows, "online", stuck))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		<-wrote
		cancel()
		began := time.Now()
		select {
		case err := <-done:
			if !errors.Is(err, pipeline.ErrDrain) {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("Run still goes on %v after its context ended, with a Drain of %v", time.Since(began).Round(time.Second), g.Drain)
		}
	})
}

// A node named as a join's own topic.
func TestANodeNamedAsTheReceiptsOfAJoin(t *testing.T) {
	g := pipeline.New("g")
	g.Logger = quiet
	rows := pipeline.Via(pipeline.From(g, "log", &script{Partitions: sample(1, 9)}), "commit.receipts", decode{})
	pipeline.Join(g, "commit", commit{}, pipeline.To(rows, "online", &memstore.Sink{}))
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	if err := bounded(t, g, 5*time.Second); err != nil {
		t.Errorf("%.200s", err)
	}
}

// The end of a lane while a stage of another source's lane opens slowly. The
// delays are the load, and nothing waits for them; opening holds a mutex, for
// which the clock of a synctest bubble would not move.
type slowOpen struct{}

func (slowOpen) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	time.Sleep(20 * time.Millisecond)
	return staged{n, func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		emit(rows)
		return nil
	}}, nil
}

func TestALaneThatLeavesIsNotTakenForASwallowedBatch(t *testing.T) {
	loop := func(lanes int) sourceFunc {
		return func(ctx context.Context, in *pipeline.SourceNode) error {
			for range lanes {
				l := openLane(in, int32(lanes))
				l.Push(recs(0, 3), feature.Span{To: 3})
				in.End(l)
				<-l.Done
			}
			return nil
		}
	}
	g := pipeline.New("g")
	g.Logger = quiet
	fast := pipeline.Via(pipeline.From(g, "one", loop(21)), "decode1", decode{})
	slow := pipeline.Via(pipeline.Via(pipeline.From(g, "two", loop(20)), "decode2", decode{}), "slow", slowOpen{})
	pipeline.Join(g, "commit1", commit{}, pipeline.To(fast, "a", &hooked{}))
	pipeline.Join(g, "commit2", commit{}, pipeline.To(slow, "b", &hooked{}))
	g.Use(func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) ([]*message.Message, error) {
			defer time.Sleep(3 * time.Millisecond) // as a metric that is sent somewhere
			return next(m)
		}
	})
	if err := bounded(t, g, 20*time.Second); err != nil {
		t.Errorf("%.300s", err)
	}
}
