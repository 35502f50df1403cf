package pipeline

import (
	"errors"
	"fmt"
)

// Check reports every wiring fault at once, one a line. Nothing is opened. Run
// calls it first.
func (g *Graph) Check() error {
	errs := append([]error(nil), g.faults...)
	errs = append(errs, g.checkNames()...)
	for _, n := range g.nodes {
		for _, err := range g.checkNode(n) {
			errs = append(errs, &Error{Node: n.name, Err: err})
		}
	}
	if len(g.nodes) == 0 {
		errs = append(errs, fmt.Errorf("graph %q has no nodes", g.name))
	}
	return errors.Join(errs...)
}

func (g *Graph) checkNames() []error {
	var errs []error
	seen := map[string]int{}
	for _, n := range g.nodes {
		seen[n.name]++
		if n.name == "" {
			errs = append(errs, fmt.Errorf("a %s has no name", n.kind))
		} else if seen[n.name] == 2 {
			errs = append(errs, &Error{Node: n.name, Err: errors.New("the name is used twice")})
		}
	}
	return errs
}

func (g *Graph) checkNode(n *node) []error {
	switch n.kind {
	case aSource:
		return append(split(n.source.Check()), goesSomewhere(n)...)
	case aSink:
		return g.checkSink(n)
	case aStage:
		return append(g.checkStage(n), goesSomewhere(n)...)
	}
	return nil
}

func goesSomewhere(n *node) []error {
	if len(n.outputs) == 0 {
		return []error{errors.New("its flow goes nowhere")}
	}
	return nil
}

func (g *Graph) checkStage(n *node) []error {
	if r, ok := n.spec.(Rejecter); ok && r.Rejects() && !g.router.deadLetters() {
		return []error{errors.New("rejects rows, but the graph has no dead-letter path")}
	}
	return nil
}

func (g *Graph) checkSink(n *node) []error {
	var errs []error
	if n.schema != nil {
		errs = split(n.sink.Check(n.schema))
	} else if len(g.faults) == 0 {
		errs = append(errs, errors.New("the schema of its rows is not known"))
	}
	if len(n.outputs) != 1 || n.outputs[0].kind != aJoin {
		errs = append(errs, errors.New("no commit path: its receipts are not joined"))
	} else if j := n.outputs[0]; !joinsAll(g, j, n.root()) {
		errs = append(errs, fmt.Errorf("no commit path: %q doesn't join every sink", j.name))
	}
	return errs
}

// joinsAll: offsets may be committed only once every sink of the source has the rows.
func joinsAll(g *Graph, j, source *node) bool {
	joined := map[*node]bool{}
	for _, in := range j.inputs {
		joined[in] = true
	}
	for _, s := range g.sinksOf(source) {
		if !joined[s] {
			return false
		}
	}
	return true
}

// root is the source that a node's rows come from.
func (n *node) root() *node {
	for len(n.inputs) > 0 {
		n = n.inputs[0]
	}
	return n
}

func (g *Graph) sinksOf(source *node) []*node {
	var sinks []*node
	for _, n := range g.nodes {
		if n.kind == aSink && n.root() == source {
			sinks = append(sinks, n)
		}
	}
	return sinks
}
