package pipeline

import (
	"fmt"
	"strings"

	"github.com/tandemdata/tandem/pipeline/internal/engine"
)

// String draws the graph as text, one chain a line.
func (g *Graph) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", g.name)
	for _, n := range g.nodes {
		if n.Kind == engine.Source {
			g.chain(&b, n, "  ")
		}
	}
	return b.String()
}

// chain writes a node and what follows it; branches go below each other.
func (g *Graph) chain(b *strings.Builder, n *node, indent string) {
	line := n.Name
	for len(n.outputs) == 1 && n.outputs[0].Kind != engine.Join {
		n = n.outputs[0]
		line += " ─► " + n.Name
	}
	if len(n.outputs) == 1 {
		line += " ─► [" + n.outputs[0].Name + "]"
	}
	fmt.Fprintf(b, "%s%s\n", indent, line)
	if len(n.outputs) > 1 {
		for i, o := range n.outputs {
			elbow := "├─► "
			if i == len(n.outputs)-1 {
				elbow = "└─► "
			}
			g.chain(b, o, indent+"   "+elbow)
		}
	}
}

// Mermaid draws the graph for Markdown.
func (g *Graph) Mermaid() string {
	return g.draw("flowchart LR\n", "  n%d[%q]\n", "  n%d --> n%d\n", "")
}

// DOT draws the graph for Graphviz.
func (g *Graph) DOT() string {
	return g.draw("digraph {\n  rankdir=LR\n", "  n%d [shape=box, label=%q]\n", "  n%d -> n%d\n", "}\n")
}

func (g *Graph) draw(head, vertex, edge, tail string) string {
	var b strings.Builder
	b.WriteString(head)
	index := map[*node]int{}
	for i, n := range g.nodes {
		index[n] = i
		fmt.Fprintf(&b, vertex, i, n.Name)
	}
	for _, n := range g.nodes {
		for _, o := range n.outputs {
			fmt.Fprintf(&b, edge, index[n], index[o])
		}
	}
	b.WriteString(tail)
	return b.String()
}
