package pipeline

import (
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/internal/engine"
)

// Check reports every wiring fault at once, one a line. Nothing is opened. Run
// calls it first.
func (g *Graph) Check() error {
	errs := append([]error(nil), g.faults...)
	errs = append(errs, g.router.check()...)
	errs = append(errs, g.checkNames()...)
	for _, n := range g.nodes {
		for _, err := range g.checkNode(n) {
			errs = append(errs, &Error{Node: n.Name, Err: err})
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
		seen[n.Name]++
		if n.Name == "" {
			errs = append(errs, fmt.Errorf("a %s has no name", n.Kind))
		} else if seen[n.Name] == 2 {
			errs = append(errs, &Error{Node: n.Name, Err: errors.New("the name is used twice")})
		}
	}
	return errs
}

func (g *Graph) checkNode(n *node) []error {
	if isNil(n.spec) {
		return []error{fmt.Errorf("the %s is nil", n.Kind)}
	}
	switch n.Kind {
	case engine.Source:
		return append(split(n.spec.(Source).Check()), goesSomewhere(n)...)
	case engine.Sink:
		return g.checkSink(n)
	case engine.Stage:
		return append(g.checkStage(n), goesSomewhere(n)...)
	}
	if len(n.inputs) == 0 {
		return []error{errors.New("joins no flow")}
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
	if n.Schema != nil {
		errs = split(n.CheckSink(n.Schema))
	} else if len(g.faults) == 0 {
		errs = append(errs, errors.New("the schema of its rows is not known"))
	}
	if len(n.outputs) != 1 || n.outputs[0].Kind != engine.Join {
		errs = append(errs, errors.New("no commit path: its receipts are not joined"))
	} else if j := n.outputs[0]; !joinsAll(g, j, n.root()) {
		errs = append(errs, fmt.Errorf("no commit path: %q doesn't join every sink", j.Name))
	}
	return errs
}

// joinsAll: offsets may be committed only once every sink of the source has the rows.
func joinsAll(g *Graph, j, source *node) bool {
	joined := map[*node]bool{}
	for _, in := range j.inputs {
		joined[in] = true
	}
	for _, s := range g.nodes {
		if s.Kind == engine.Sink && s.root() == source && !joined[s] {
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
