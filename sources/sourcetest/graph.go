package sourcetest

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// Graph stands in for the graph after a source: it keeps what lanes are
// handed, and makes it durable at once unless told to hold.
type Graph struct {
	Replay   int
	KeysStay bool
	Progress map[int32]feature.Progress
	Full     func(l *Lane) bool // asked after each push; default never
	Hold     bool               // Commit and Done are the test's own to give

	t       testing.TB
	mu      sync.Mutex
	lanes   []*Lane
	given   bool // up
	changed chan struct{}
}

// Lane is one that the source opened. What it was handed is read by way of
// Graph.Lanes.
type Lane struct {
	*feature.Lane
	Pushes []feature.Records
	Ended  bool
	feed   *feed
}

// feed is what the lanes of a copy share with the source.
type feed struct {
	config pipeline.LaneConfig
	full   atomic.Bool
	done   chan struct{}
	once   sync.Once
}

// Commit tells the source how far the lane is durable.
func (l *Lane) Commit(next int64) {
	if l.feed.config.Commit != nil {
		l.feed.config.Commit(next)
	}
}

// Ready makes room in the lane and tells the source so.
func (l *Lane) Ready() {
	l.feed.full.Store(false)
	if l.feed.config.Ready != nil {
		l.feed.config.Ready()
	}
}

// Finish says that the lane is done.
func (l *Lane) Finish() { l.feed.once.Do(func() { close(l.feed.done) }) }

// NewGraph makes one.
func NewGraph(t testing.TB) *Graph {
	return &Graph{t: t, Progress: map[int32]feature.Progress{}, changed: make(chan struct{})}
}

// Running is a source that runs.
type Running struct {
	t      testing.TB
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Start runs a source until Stop, or the end of the test.
func (g *Graph) Start(s pipeline.Source) *Running {
	g.t.Helper()
	if err := s.Check(); err != nil {
		g.t.Fatalf("settings: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Running{t: g.t, cancel: cancel, done: make(chan struct{})}
	in := g.node()
	go func() {
		r.err = s.Run(ctx, in)
		close(r.done)
		g.note(func() {})
	}()
	g.t.Cleanup(func() {
		cancel()
		g.GiveUp()
		<-r.done
	})
	return r
}

func (g *Graph) progress(_ context.Context, _ string, partition int32) (feature.Progress, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.Progress[partition]
	return p, ok, nil
}

// node is what the source sees of the graph.
func (g *Graph) node() *pipeline.SourceNode {
	lanes := map[*pipeline.Feed]*Lane{}
	return &pipeline.SourceNode{
		Name: "source", Logger: slog.New(slog.NewTextHandler(g.t.Output(), nil)), KeysStay: g.KeysStay, Replay: g.Replay, Progress: g.progress,
		Open: func(c pipeline.LaneConfig) (*pipeline.Feed, error) {
			l := &Lane{Lane: &c.Lane, feed: &feed{config: c, done: make(chan struct{})}}
			f := &pipeline.Feed{
				Lane: l.Lane, Full: l.feed.full.Load, Done: l.feed.done,
				Push: func(list []feature.Record, span feature.Span) bool { return g.push(l, list, span) },
			}
			g.note(func() {
				lanes[f] = l
				g.lanes = append(g.lanes, l)
			})
			return f, nil
		},
		End: func(feeds ...*pipeline.Feed) {
			for _, f := range feeds {
				g.end(lanes, f)
			}
		},
	}
}

// push keeps what a lane was handed. It is full before the test is asked, which
// may make room again at once.
func (g *Graph) push(l *Lane, list []feature.Record, span feature.Span) bool {
	r := feature.Records{TopicPartition: l.TopicPartition, Span: span, List: list, ReplayedBefore: l.Start}
	g.note(func() { l.Pushes = append(l.Pushes, r) })
	if !g.Hold {
		l.Commit(span.To)
	}
	if g.Full == nil {
		return false
	}
	l.feed.full.Store(true)
	full := g.Full(l)
	if !full {
		l.feed.full.Store(false)
	}
	return full
}

func (g *Graph) end(lanes map[*pipeline.Feed]*Lane, f *pipeline.Feed) {
	done := !g.Hold
	var l *Lane
	g.note(func() {
		l = lanes[f]
		l.Ended = true
		done = done || g.given
	})
	if done {
		l.Finish()
	}
}

// GiveUp finishes all lanes, now and later, durable or not.
func (g *Graph) GiveUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.given = true
	for _, l := range g.lanes {
		l.Finish()
	}
}

func (g *Graph) note(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
	close(g.changed)
	g.changed = make(chan struct{})
}

// Lanes is a copy of all lanes so far, in the order of their opening.
func (g *Graph) Lanes() []Lane {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Lane, len(g.lanes))
	for i, l := range g.lanes {
		out[i] = *l
	}
	return out
}

// Await waits until something is true of the lanes.
func (g *Graph) Await(what string, is func(lanes []Lane) bool) []Lane {
	g.t.Helper()
	deadline := time.After(patience)
	for {
		g.mu.Lock()
		changed := g.changed
		g.mu.Unlock()
		lanes := g.Lanes()
		if is(lanes) {
			return lanes
		}
		select {
		case <-changed:
		case <-deadline:
			g.t.Fatalf("waited %v for %s; lanes: %v", patience, what, describe(lanes))
		}
	}
}

// Stop ends the source's ctx and waits for Run.
func (r *Running) Stop() error {
	r.cancel()
	return r.Wait()
}

// Cancel ends the source's ctx and does not wait.
func (r *Running) Cancel() { r.cancel() }

// ReturnsWithin watches for a Run that returns too soon.
func (r *Running) ReturnsWithin(d time.Duration) bool {
	select {
	case <-r.done:
		return true
	case <-time.After(d):
		return false
	}
}

// Wait waits until Run returns.
func (r *Running) Wait() error {
	r.t.Helper()
	select {
	case <-r.done:
		return r.err
	case <-time.After(patience):
		r.t.Fatalf("Run has not returned after %v", patience)
		return nil
	}
}
