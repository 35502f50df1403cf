package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tandemdata/tandem/pipeline/internal/engine"
)

// ErrDrain is part of what Run returns when it could not finish in time after
// its context had ended, beside what it waited for. What was durable by then is
// committed, nothing else.
var ErrDrain = engine.ErrDrain

var errRunning = errors.New("the graph is running already: a graph runs once at a time")

// Run checks the graph, opens its sinks, and moves rows until ctx ends or every
// source has come to its end. It then drains: what was read is made durable and
// committed, and Run returns nil. Any other error than a transient one ends it
// at once; nothing is committed that isn't durable, and the next Run goes on
// where the stores are.
func (g *Graph) Run(ctx context.Context) error {
	if !g.running.CompareAndSwap(false, true) {
		return errRunning
	}
	defer g.running.Store(false)
	if err := g.Check(); err != nil {
		g.board.Refuse(err)
		return err
	}
	return engine.Run(ctx, g.engine())
}

// engine is the graph as the engine knows it.
func (g *Graph) engine() *engine.Graph {
	e := &engine.Graph{
		Name: g.name, Logger: g.logger(), Memory: g.memory(), Drain: g.drain(), Ledger: &g.ledger, Board: &g.board,
		Verify: g.VerifyColumns || raceDetector, Locate: locate,
		Middleware: g.router.middleware, Router: g.router.configure, Reject: g.router.reject,
	}
	for _, n := range g.nodes {
		e.Nodes = append(e.Nodes, &n.Node)
	}
	return e
}

func (g *Graph) logger() *slog.Logger {
	if g.Logger == nil {
		return slog.Default()
	}
	return g.Logger
}

func (g *Graph) drain() time.Duration {
	if g.Drain <= 0 {
		return 30 * time.Second
	}
	return g.Drain
}

func (g *Graph) memory() int64 {
	if g.Memory <= 0 {
		return 16 << 20
	}
	return g.Memory
}
