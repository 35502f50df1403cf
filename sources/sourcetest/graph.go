package sourcetest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// Graph stands in for the graph behind a source: it keeps what lanes are
// handed, and makes it durable at once unless told to hold.
type Graph struct {
	Warm     int
	ByLog    bool
	Progress map[int32]pipeline.Progress
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
	*pipeline.Lane
	Pushes []pipeline.Records
	Ended  bool
}

// NewGraph makes one.
func NewGraph(t testing.TB) *Graph {
	return &Graph{t: t, Progress: map[int32]pipeline.Progress{}, changed: make(chan struct{})}
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
	in := pipeline.NewIntake("source", slog.New(slog.NewTextHandler(g.t.Output(), nil)), g.Warm, g.progress, g.open)
	in.ByLog = g.ByLog
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

func (g *Graph) progress(_ context.Context, _ string, partition int32) (pipeline.Progress, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.Progress[partition]
	return p, ok, nil
}

func (g *Graph) open(c pipeline.LaneConfig) *pipeline.Lane {
	l := &Lane{}
	l.Lane = pipeline.NewLane(c, nil,
		func(_ *pipeline.Lane, r pipeline.Records) bool { return g.push(l, r) },
		func(*pipeline.Lane) { g.end(l) })
	g.note(func() { g.lanes = append(g.lanes, l) })
	return l.Lane
}

func (g *Graph) push(l *Lane, r pipeline.Records) bool {
	g.note(func() { l.Pushes = append(l.Pushes, r) })
	if !g.Hold {
		l.Commit(r.Span.To)
	}
	return g.Full != nil && g.Full(l)
}

func (g *Graph) end(l *Lane) {
	done := !g.Hold
	g.note(func() {
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
