package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tandemdata/tandem/pipeline/internal/engine"
)

// Check reports every wiring fault at once, one a line. Nothing is opened. Run
// calls it first.
func (g *Graph) Check() error {
	errs := slices.Clone(g.faults)
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
	switch joins := n.outputs; {
	case len(joins) == 0:
		errs = append(errs, errors.New("no commit path: its receipts are not joined"))
	case len(joins) > 1:
		errs = append(errs, fmt.Errorf("joined %d times: one join has the receipts of a sink", len(joins)))
	case !g.joinsAll(joins[0], n.Root()):
		errs = append(errs, fmt.Errorf("no commit path: %q doesn't join every sink", joins[0].Name))
	}
	return errs
}

// joinsAll: offsets may be committed only once every sink of the source has the rows.
func (g *Graph) joinsAll(j *node, source *engine.Node) bool {
	for _, s := range g.nodes {
		if s.Kind == engine.Sink && s.Root() == source && !slices.Contains(j.inputs, s) {
			return false
		}
	}
	return true
}
