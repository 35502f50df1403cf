package pipeline

import (
	"context"
	"runtime/pprof"
	"sync/atomic"
)

// meter is what a graph notes of its nodes while it is measured.
type meter struct {
	numbers map[*node]int // from 1, in wiring order
	queues  []queued
}

// queued is what waited in front of a node, each time that it took a batch.
type queued struct{ times, sum, most atomic.Int64 }

func newMeter(nodes []*node) *meter {
	m := &meter{numbers: map[*node]int{}, queues: make([]queued, len(nodes))}
	for i, n := range nodes {
		m.numbers[n] = i + 1
	}
	return m
}

// waits notes how many batches of a lane wait in front of a node.
func (m *meter) waits(n *node, batches int) {
	q, depth := &m.queues[m.numbers[n]-1], int64(batches)
	q.times.Add(1)
	q.sum.Add(depth)
	for most := q.most.Load(); depth > most && !q.most.CompareAndSwap(most, depth); most = q.most.Load() {
	}
}

func (q *queued) mean() float64 {
	return float64(q.sum.Load()) / float64(max(q.times.Load(), 1))
}

// inside runs a part of a node so that profiles of a graph that is measured
// know whose it is.
func (g *Graph) inside(ctx context.Context, n *node, f func(context.Context) error) (err error) {
	if g.meter == nil {
		return f(ctx)
	}
	pprof.Do(ctx, pprof.Labels("node", n.name), func(ctx context.Context) {
		numbered(g.meter.numbers[n], func() { err = f(ctx) })
	})
	return err
}

// A heap profile has no labels, but the stack of each allocation: a node's
// number is written there, bit by bit, as calls of bit0 and bit1. The lowest bit
// is the outermost call, right below numbered.
//
//go:noinline
func numbered(number int, f func()) { spell(number, f) }

//go:noinline
func bit0(rest int, f func()) { spell(rest, f) }

//go:noinline
func bit1(rest int, f func()) { spell(rest, f) }

func spell(rest int, f func()) {
	switch {
	case rest == 0:
		f()
	case rest&1 == 0:
		bit0(rest>>1, f)
	default:
		bit1(rest>>1, f)
	}
}
