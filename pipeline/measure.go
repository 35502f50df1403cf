package pipeline

import (
	"context"
	"time"
)

// Measured is what a run has cost, node by node.
type Measured struct {
	Took  time.Duration // from Measure's call to the end of the run
	Rows  int64         // durable, or accounted for, in every sink
	Nodes []NodeCost    // in wiring order

	// Allocs and Bytes are what the whole process allocated meanwhile, exactly:
	// goroutines of sources and sinks and all that runs beside the graph included.
	Allocs, Bytes int64
}

// NodeCost is one node's part of it.
type NodeCost struct {
	NodeStats

	// Queue is how many batches of a lane waited behind the one that was taken,
	// on average, and QueueMost at most. RecordError a source it is what was pushed and
	// waits for the first node.
	Queue     float64
	QueueMost int

	// Allocs and Bytes were allocated on the node's own goroutines, inside of it.
	// They are an estimate: the heap profile samples one allocation in
	// runtime.MemProfileRate bytes, and doesn't know what lies deeper than 32 calls
	// or on goroutines that the node started. The process's own are exact.
	Allocs, Bytes int64
}

// Measure is Run, and tells what each node has cost. While it lasts, CPU and
// goroutine profiles bear the label "node" with the node's name. It collects
// garbage twice before and after the run, which Took doesn't count.
func (g *Graph) Measure(ctx context.Context) (Measured, error) {
	g.meter = newMeter(g.nodes)
	defer func() { g.meter = nil }()
	before := readHeap()
	began := time.Now()
	err := g.Run(ctx)
	m := Measured{Took: time.Since(began), Rows: g.Ledger().Read}
	heap := readHeap().since(before)
	m.Allocs, m.Bytes = heap.total.allocs, heap.total.bytes
	for i, s := range g.Stats() {
		at, q := heap.nodes[i+1], &g.meter.queues[i]
		m.Nodes = append(m.Nodes, NodeCost{s, q.mean(), int(q.most.Load()), at.allocs, at.bytes})
	}
	return m, err
}

// Bottleneck is the node that the others wait for: the one in which most time
// was spent or, where none was held up for a tenth of the run, a source.
func (m Measured) Bottleneck() string {
	source, slowest, heldUp := "", NodeCost{}, false
	for _, n := range m.Nodes {
		heldUp = heldUp || n.Blocked >= m.Took/10
		switch {
		case n.Source && source == "":
			source = n.Node
		case !n.Source && n.Busy >= slowest.Busy:
			slowest = n
		}
	}
	if source != "" && !heldUp {
		return source
	}
	return slowest.Node
}
