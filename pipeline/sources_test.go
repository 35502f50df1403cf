package pipeline_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
)

// A source that fails transiently.
func TestATransientFailureOfASourceIsNotSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		src := sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
			calls++
			l := openLane(in, 0)
			l.Push(recs(0, 3), feature.Span{To: 3})
			if calls == 1 {
				return pipeline.Transient(errors.New("broker away"))
			}
			in.End(l)
			<-l.Done
			return nil
		})
		g := pipeline.New("g")
		g.Logger = quiet
		rows := pipeline.Via(pipeline.From(g, "log", src), "decode", decode{})
		slow := &hooked{write: func(ctx context.Context, n *pipeline.SinkNode, l *feature.Lane, rows *feature.Rows) error {
			select {
			case <-time.After(50 * time.Millisecond): // the source fails meanwhile
				n.Durable(l, rows.Tally(feature.Online))
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		pipeline.Join(g, "commit", commit{}, pipeline.To(rows, "online", slow))
		if err := bounded(t, g, 5*time.Second); err != nil {
			t.Errorf("a failure that passes ended the graph: %v", err)
		}
		if calls != 2 {
			t.Errorf("the source ran %d times, want once more after its failure", calls)
		}
		mustBalance(t, g, 3)
	})
}

// Sinks of two sources in one join.
func TestTwoSourcesInOneJoin(t *testing.T) {
	g := pipeline.New("g")
	g.Logger = quiet
	one := pipeline.Via(pipeline.From(g, "one", &script{Partitions: sample(1, 5)}), "decode1", decode{})
	two := pipeline.Via(pipeline.From(g, "two", &script{Partitions: append([][]string{nil}, sample(1, 5)...)}), "decode2", decode{})
	pipeline.Join(g, "commit", commit{}, pipeline.To(one, "a", &memstore.Sink{}), pipeline.To(two, "b", &memstore.Sink{}))
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	g.Drain = time.Millisecond
	if err := bounded(t, g, 2*time.Second); err != nil {
		t.Error(err)
	}
}

// Two sources whose logs have one name, as on two clusters.
func TestTwoSourcesOfOneTopicName(t *testing.T) {
	g := pipeline.New("g")
	g.Logger = quiet
	one := pipeline.Via(pipeline.From(g, "one", &script{Partitions: sample(1, 30)}), "decode1", decode{})
	two := pipeline.Via(pipeline.From(g, "two", &script{Partitions: sample(1, 5000)}), "decode2", decode{})
	pipeline.Join(g, "commit1", commit{}, pipeline.To(one, "a", &memstore.Sink{}))
	pipeline.Join(g, "commit2", commit{}, pipeline.To(two, "b", &memstore.Sink{}))
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	if err := bounded(t, g, 10*time.Second); err != nil {
		t.Errorf("%.200s", err.Error())
	}
	if l := g.Ledger(); l.Sinks["a"].Read != 30 || l.Sinks["b"].Read != 5000 {
		t.Errorf("%+v", l)
	} else if l.Read != 5030 {
		t.Errorf("read %d rows of two sources, want 5030", l.Read)
	}
}

// A source that fails and leaves a goroutine that waits for its lane.
func TestALaneOfASourceThatFailsIsGivenUp(t *testing.T) {
	left := make(chan struct{})
	src := sourceFunc(func(_ context.Context, in *pipeline.SourceNode) error {
		l := openLane(in, 0)
		go func() {
			defer close(left)
			<-l.Done
		}()
		return errors.New("no such topic")
	})
	if err := bounded(t, wire(src, newStores()), 5*time.Second); err == nil {
		t.Error("the source's error is lost")
	}
	select {
	case <-left:
	case <-time.After(time.Second):
		t.Error("Run has returned, and the lane isn't done")
	}
}

// A source that loses a lane once an hour. Only what fails again at once is waited for longer.
func TestARestartAfterALongSessionIsNotPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const sessions = 20
		calls := 0
		src := sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
			if calls++; calls > sessions {
				return nil
			}
			openLane(in, 0)
			time.Sleep(time.Hour)
			return pipeline.Restart(errors.New("lane lost"))
		})
		g, began := wire(src, newStores()), time.Now()
		if err := g.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if paused := time.Since(began) - sessions*time.Hour; paused > sessions*200*time.Millisecond {
			t.Errorf("%d restarts an hour apart were put off by %v", sessions, paused)
		}
	})
}

// The second Run of a graph counts from its own beginning.
func TestASecondRunOfTheSameGraphCountsAnew(t *testing.T) {
	var fired atomic.Int64
	once := stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		if rows.Span().From == 60 && fired.Add(1) == 1 {
			return errors.New("once")
		}
		emit(rows)
		return nil
	})
	g := wire(&script{Partitions: sample(1, 90)}, newStores(), once)
	if run(t, g) == nil {
		t.Fatal("the fault didn't fire")
	}
	before := g.Ledger().Read
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	if got := g.Ledger().Read; got >= 90 {
		t.Errorf("the second Run counts %d rows; the first counted %d of 90", got, before)
	}
	for _, s := range g.Stats() {
		if s.Node == "log" && s.Rows > 90 {
			t.Errorf("Stats counts %d rows pushed since Run began", s.Rows)
		}
	}
}
