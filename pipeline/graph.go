package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Graph is a directed graph of nodes. It is wired by From, Via, To and Join,
// checked as a whole, and then run.
type Graph struct {
	// Log gets what a person running the graph should know.
	Logger *slog.Logger // default slog.Default()

	// Memory bounds the records between intake and sinks, in bytes. The rows
	// decoded from them take two to three times that beside them.
	Memory int64 // default 16 MiB

	// Drain is how long Run may take to finish once its context has ended.
	Drain time.Duration // default 30 s

	name   string
	nodes  []*node
	faults []error // found while wiring, told by Check
	router routing
	ledger ledger
	meter  *meter // nil unless the graph is measured
}

// New makes an empty graph.
func New(name string) *Graph {
	return &Graph{name: name}
}

// Flow is what comes out of a node: batches of T.
type Flow[T any] struct {
	g *Graph
	n *node
}

type nodeKind string

const (
	aSource nodeKind = "source"
	aStage  nodeKind = "stage"
	aSink   nodeKind = "sink"
	aJoin   nodeKind = "join"
)

// node is one node as it was wired.
type node struct {
	name    string
	kind    nodeKind
	spec    any
	inputs  []*node
	outputs []*node
	schema  *feature.Schema // of the rows emitted; nil before they are decoded

	source Source
	sink   Sink
	open   func(context.Context, *Node) (runner, error)
	stats  counters
}

// topic is where a node publishes: under its own name, or where a join gathers.
func (n *node) topic() string {
	if len(n.outputs) == 1 && n.outputs[0].kind == aJoin {
		return n.outputs[0].name + ".receipts"
	}
	return n.name + ".out"
}

// in is the topic that a node consumes.
func (n *node) in() string { return n.inputs[0].topic() }

// From adds a source.
func From(g *Graph, name string, s Source) Flow[Records] {
	return Flow[Records]{g, g.add(&node{name: name, kind: aSource, spec: s, source: s})}
}

// Via adds a stage behind a flow. A flow may go to several nodes: each gets
// every batch.
func Via[In, Out any](f Flow[In], name string, s Spec[In, Out]) Flow[Out] {
	n := &node{name: name, kind: aStage, spec: s, open: opener(s)}
	f.g.connect(f.n, n)
	n.schema = f.g.describe(n, s, f.n)
	return Flow[Out]{f.g, f.g.add(n)}
}

// To adds a sink behind a flow of rows.
func To(f Flow[*feature.Rows], name string, s Sink) Flow[Receipt] {
	n := &node{name: name, kind: aSink, spec: s, sink: s, schema: f.n.schema}
	f.g.connect(f.n, n)
	return Flow[Receipt]{f.g, f.g.add(n)}
}

// Join adds the node in which the receipts of all sinks meet.
func Join(name string, s Spec[Receipt, Nothing], flows ...Flow[Receipt]) {
	if len(flows) == 0 {
		panic("pipeline: Join of no flows")
	}
	g := flows[0].g
	n := &node{name: name, kind: aJoin, spec: s, open: opener(s)}
	for _, f := range flows {
		if f.g != g {
			g.fault(n, fmt.Errorf("joins the flow of %q, which belongs to graph %q", f.n.name, f.g.name))
			continue
		}
		g.connect(f.n, n)
	}
	g.add(n)
}

func (g *Graph) add(n *node) *node {
	g.nodes = append(g.nodes, n)
	return n
}

func (g *Graph) connect(from, to *node) {
	to.inputs = append(to.inputs, from)
	from.outputs = append(from.outputs, to)
}

func (g *Graph) fault(n *node, err error) {
	g.faults = append(g.faults, &Error{Node: n.name, Err: err})
}

func (g *Graph) describe(n *node, spec any, from *node) *feature.Schema {
	d, ok := spec.(Describer)
	if !ok {
		return from.schema
	}
	s, err := d.Describe(from.schema)
	if err != nil {
		for _, e := range split(err) {
			g.fault(n, e)
		}
	}
	return s
}

// split takes joined errors apart, so that each fault gets a line of its own. One
// that says something of its own around its causes stays whole.
func split(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || err.Error() != errors.Join(joined.Unwrap()...).Error() {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, split(e)...)
	}
	return all
}

func (g *Graph) log() *slog.Logger {
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
