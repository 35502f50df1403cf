package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/engine"
	"github.com/tandemdata/tandem/pipeline/internal/ledger"
)

// Graph is a directed graph of nodes. It is wired by From, Via, To and Join,
// checked as a whole, and then run. It is run once at a time.
type Graph struct {
	// Logger gets what a person running the graph should know.
	Logger *slog.Logger // default slog.Default()

	// Memory bounds the records between sources and sinks, in bytes. The rows
	// decoded from them take two to three times that beside them.
	Memory int64 // default 16 MiB

	// Drain is how long Run may take to finish once its context has ended.
	Drain time.Duration // default 30 s

	// VerifyColumns has every node's batches compared before and after it, and
	// stops the graph at a node that changes a column in place. Default: only
	// where the program is built with -race. It costs about as much as decoding.
	VerifyColumns bool

	name    string
	nodes   []*node
	faults  []error // found while wiring, reported by Check
	router  routing
	ledger  ledger.Ledger
	board   engine.Board
	running atomic.Bool
}

// New makes an empty graph.
func New(name string) *Graph {
	return &Graph{name: name}
}

// Batch is what flows between nodes: records as they were read, or rows.
type Batch interface {
	feature.Records | *feature.Rows
}

// Flow is what comes out of a node: batches of T, or receipts. Its zero value
// belongs to no graph.
type Flow[T any] struct {
	g      *Graph
	n      *node
	faults []error // of what was wired to a flow of no graph
}

// node is one node as it was wired.
type node struct {
	engine.Node
	spec            any
	inputs, outputs []*node
}

// From adds a source to a graph.
func From(g *Graph, name string, s Source) Flow[feature.Records] {
	n := &node{Node: engine.Node{Name: name, Kind: engine.Source}, spec: s}
	n.RunSource = func(ctx context.Context, in *engine.SourceNode) error { return s.Run(ctx, newSourceNode(in)) }
	return Flow[feature.Records]{g: g, n: g.add(n)}
}

// Via adds a stage after a flow. A flow may go to several nodes: each gets
// every batch.
func Via[In, Out Batch](f Flow[In], name string, s Spec[In, Out]) Flow[Out] {
	n := &node{Node: engine.Node{Name: name, Kind: engine.Stage, OpenStage: opener(s)}, spec: s}
	if f.g == nil {
		return Flow[Out]{faults: append(f.faults, ofNoGraph(name))}
	}
	connect(f.n, n)
	if !isNil(s) {
		n.Schema = f.g.describe(n, s, f.n)
		if r, ok := any(s).(Replayer); ok {
			n.Replay = r.Replay()
		}
	}
	return Flow[Out]{g: f.g, n: f.g.add(n)}
}

// To adds a sink after a flow of rows.
func To(f Flow[*feature.Rows], name string, s Sink) Flow[Receipt] {
	n := &node{Node: engine.Node{Name: name, Kind: engine.Sink}, spec: s}
	if f.g == nil {
		return Flow[Receipt]{faults: append(f.faults, ofNoGraph(name))}
	}
	n.Schema = f.n.Schema
	connect(f.n, n)
	if !isNil(s) {
		n.Store, n.CheckSink, n.OpenSink = s.Store(), s.Check, sinkOpener(s)
	}
	return Flow[Receipt]{g: f.g, n: f.g.add(n)}
}

// Join adds to a graph the node in which the receipts of all its sinks meet.
func Join(g *Graph, name string, s Spec[Receipt, Nothing], flows ...Flow[Receipt]) {
	n := &node{Node: engine.Node{Name: name, Kind: engine.Join, OpenStage: opener(s)}, spec: s}
	for _, f := range flows {
		switch {
		case f.g == nil:
			g.faults = append(g.faults, f.faults...)
			g.fault(n, errors.New("joins a flow that belongs to no graph"))
		case f.g != g:
			g.fault(n, fmt.Errorf("joins the flow of %q, which belongs to graph %q", f.n.Name, f.g.name))
		default:
			connect(f.n, n)
		}
	}
	g.add(n)
}

func ofNoGraph(name string) error {
	return &Error{Node: name, Err: errors.New("follows a flow that belongs to no graph: flows are made by From, Via and To")}
}

func (g *Graph) add(n *node) *node {
	g.nodes = append(g.nodes, n)
	return n
}

func connect(from, to *node) {
	to.inputs, to.Inputs = append(to.inputs, from), append(to.Inputs, &from.Node)
	from.outputs, from.Outputs = append(from.outputs, to), append(from.Outputs, &to.Node)
}

func (g *Graph) fault(n *node, err error) {
	g.faults = append(g.faults, &Error{Node: n.Name, Err: err})
}

func (g *Graph) describe(n *node, spec any, from *node) *feature.Schema {
	d, ok := spec.(Describer)
	if !ok {
		return from.Schema
	}
	s, err := d.Describe(from.Schema)
	if err != nil {
		for _, e := range split(err) {
			g.fault(n, e)
		}
	}
	return s
}

// isNil reports whether a plug-in is nil, or a nil pointer in an interface.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan, reflect.Slice, reflect.Interface:
		return r.IsNil()
	}
	return false
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
