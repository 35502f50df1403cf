package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// hooked is a sink made of functions.
type hooked struct {
	store feature.Store
	write func(ctx context.Context, n *pipeline.SinkNode, l *feature.Lane, rows *feature.Rows) error
	flush func(ctx context.Context) error
	close func() error
	held  *feature.Progress // a ProgressStore where it is set
}

func (h *hooked) Store() feature.Store        { return h.store }
func (h *hooked) Check(*feature.Schema) error { return nil }
func (h *hooked) Open(_ context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	if h.held != nil {
		return hookedKeeper{hookedWriter{h, n}}, nil
	}
	return hookedWriter{h, n}, nil
}

type hookedWriter struct {
	*hooked
	n *pipeline.SinkNode
}

func (w hookedWriter) Write(ctx context.Context, l *feature.Lane, rows *feature.Rows) error {
	if w.write != nil {
		return w.write(ctx, w.n, l, rows)
	}
	w.n.Durable(l, rows.Tally(w.store))
	return nil
}

func (w hookedWriter) Flush(ctx context.Context) error {
	if w.flush != nil {
		return w.flush(ctx)
	}
	return nil
}

func (w hookedWriter) Close() error {
	if w.hooked.close != nil {
		return w.hooked.close()
	}
	return nil
}

type hookedKeeper struct{ hookedWriter }

func (k hookedKeeper) Progress(context.Context, string, int32) (feature.Progress, bool, error) {
	return *k.held, true, nil
}

// sourceFunc is a source made of a function.
type sourceFunc func(ctx context.Context, in *pipeline.SourceNode) error

func (sourceFunc) Check() error                                             { return nil }
func (f sourceFunc) Run(ctx context.Context, in *pipeline.SourceNode) error { return f(ctx, in) }

func recs(from, n int) []feature.Record {
	var list []feature.Record
	for i := range n {
		list = append(list, feature.Record{Value: fmt.Appendf(nil, "k%d=%d", i%7, i), Offset: int64(from + i), Timestamp: 1})
	}
	return list
}

func openLane(in *pipeline.SourceNode, p int32) *pipeline.Feed { return openAt(in, p, 0) }

func openAt(in *pipeline.SourceNode, p int32, start int64) *pipeline.Feed {
	at := feature.TopicPartition{Topic: "log", Partition: p}
	if _, _, err := in.Progress(context.Background(), at.Topic, p); err != nil {
		panic(err)
	}
	feed, err := in.Open(pipeline.LaneConfig{Lane: feature.Lane{TopicPartition: at, Start: start}})
	if err != nil {
		panic(err)
	}
	return feed
}

func bounded(t *testing.T, g *pipeline.Graph, d time.Duration) error {
	t.Helper()
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { done <- g.Run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-time.After(d):
		g.Drain = time.Millisecond
		t.Errorf("Run did not end within %v", d)
		return nil
	}
}

// Two lanes revoked one after the other, while the first one's Flush is under way.
func TestLanesEndingOneAfterTheOtherArePassedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var flushes atomic.Int64
		first, second := make(chan struct{}), make(chan struct{})
		online := &hooked{flush: func(context.Context) error {
			switch flushes.Add(1) {
			case 1:
				close(first)
				<-second
				time.Sleep(time.Second) // until the second end has come as far as it can
			case 2:
				close(second)
			}
			return nil
		}}
		src := sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
			a, b := openLane(in, 0), openLane(in, 1)
			a.Push(recs(0, 3), feature.Span{To: 3})
			b.Push(recs(0, 3), feature.Span{To: 3})
			in.End(a)
			<-first
			in.End(b)
			<-a.Done
			<-b.Done
			time.Sleep(time.Second) // until whatever comes after the end has come
			return nil
		})
		g := pipeline.New("g")
		g.Logger = quiet
		pipeline.Join(g, "commit", commit{}, pipeline.To(pipeline.Via(pipeline.From(g, "log", src), "decode", decode{}), "online", online))
		if err := bounded(t, g, 5*time.Second); err != nil {
			t.Errorf("%.200s", err.Error())
		}
	})
}

// A middleware that fails once after the node has done its work; Retry around it.
func TestAMiddlewareThatFailsAfterTheWorkIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
			a, b := openLane(in, 0), openLane(in, 1)
			for _, l := range []*pipeline.Feed{a, b} {
				l.Push(recs(0, 30), feature.Span{To: 30})
			}
			in.End(a, b)
			<-a.Done
			<-b.Done
			time.Sleep(time.Second) // until whatever comes after the end has come
			return nil
		})
		g := wire(src, newStores())
		var mu sync.Mutex
		failed := map[*message.Message]bool{}
		g.Use(middleware.Retry{MaxRetries: 5, InitialInterval: 20 * time.Millisecond}.Middleware,
			func(next message.HandlerFunc) message.HandlerFunc {
				return func(m *message.Message) ([]*message.Message, error) {
					out, err := next(m)
					mu.Lock()
					defer mu.Unlock()
					if err == nil && !failed[m] && strings.HasPrefix(message.HandlerNameFromCtx(m.Context()), "o") {
						failed[m] = true
						return nil, errors.New("metrics are down")
					}
					return out, err
				}
			})
		if err := bounded(t, g, 10*time.Second); err != nil {
			t.Errorf("%.300s", err.Error())
		}
		mustBalance(t, g, 60)
	})
}

// A middleware that notes something in the message's metadata.
func TestMetadataIsNotSharedByBranches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := wire(&script{Partitions: sample(2, 200)}, newStores())
		g.Use(func(next message.HandlerFunc) message.HandlerFunc {
			return func(m *message.Message) ([]*message.Message, error) {
				for i := range 50 {
					m.Metadata.Set(fmt.Sprint("seen", i), "now")
				}
				return next(m)
			}
		})
		if err := bounded(t, g, 20*time.Second); err != nil {
			t.Error(err)
		}
	})
}

// A Flusher with a delay is not spun.
func TestAHolderThatKeepsRowsWhileIdleIsNotSpun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var flushes atomic.Int64
		h := holding(func(n *pipeline.Node, why pipeline.FlushReason) bool {
			return flushes.Add(1) > 1000 || why == pipeline.FlushEnd
		})
		src := sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
			a := openLane(in, 0)
			a.Push(recs(0, 3), feature.Span{To: 3})
			time.Sleep(time.Second)
			in.End(a)
			<-a.Done
			return nil
		})
		if err := bounded(t, wire(src, newStores(), h), 5*time.Second); err != nil {
			t.Error(err)
		}
		if n := flushes.Load(); n > 10 {
			t.Errorf("flushed %d times in a second for one batch held", n)
		}
	})
}

// holding is a holder that says at a flush whether it lets go.
type holding func(n *pipeline.Node, why pipeline.FlushReason) bool

func (h holding) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return &holder{f: h, n: n}, nil
}

type holder struct {
	f    holding
	n    *pipeline.Node
	held []*feature.Rows
}

func (h *holder) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	h.held = append(h.held, rows)
	return nil
}

func (h *holder) Flush(_ context.Context, why pipeline.FlushReason, emit func(*feature.Rows)) error {
	if h.f(h.n, why) {
		for _, r := range h.held {
			emit(r)
		}
		h.held = nil
	}
	return nil
}

// A stage that flushes by the clock, and lanes that come and go.
type ticking struct{ opened, after *atomic.Int64 }

func (k ticking) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	k.opened.Add(1)
	n.WakeAfter(time.Millisecond)
	return &ticker{ticking: k, n: n}, nil
}

type ticker struct {
	ticking
	n     *pipeline.Node
	ended bool
}

func (k *ticker) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	emit(rows)
	return nil
}

func (k *ticker) Flush(_ context.Context, why pipeline.FlushReason, emit func(*feature.Rows)) error {
	if k.ended {
		k.after.Add(1)
	}
	if why == pipeline.FlushEnd {
		k.ended = true
		time.Sleep(3 * time.Millisecond) // longer than the timer asked for
		return nil
	}
	k.n.WakeAfter(time.Millisecond)
	return nil
}

func TestNothingComesAfterTheEndOfALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ticking{new(atomic.Int64), new(atomic.Int64)}
		const lanes = 100
		src := sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
			for i := range lanes {
				l := openAt(in, 0, int64(i*3))
				l.Push(recs(i*3, 3), feature.Span{From: int64(i * 3), To: int64(i*3 + 3)})
				in.End(l)
				<-l.Done
			}
			time.Sleep(time.Second) // until whatever comes after the end has come
			return nil
		})
		g := pipeline.New("g")
		g.Logger = quiet
		rows := pipeline.Via(pipeline.From(g, "log", src), "decode", decode{})
		pipeline.Join(g, "commit", commit{}, pipeline.To(pipeline.Via(rows, "tick", k), "online", &hooked{}))
		if err := bounded(t, g, 10*time.Second); err != nil {
			t.Error(err)
		}
		if n := k.opened.Load(); n != lanes {
			t.Errorf("%d stages were opened for %d lanes", n, lanes)
		}
		if n := k.after.Load(); n != 0 {
			t.Errorf("flushed %d times after FlushEnd", n)
		}
	})
}
