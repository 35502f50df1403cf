package pipeline

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/engine"
	"github.com/tandemdata/tandem/pipeline/status"
)

// Ledger says what became of every row since Run began. A row is counted once
// it is durable, or accounted for, in every sink; for each sink, read is the sum
// of its six outcomes.
type Ledger struct {
	Read  int64                    `json:"read"` // of all sources together
	Sinks map[string]feature.Tally `json:"sinks"`
}

// String is a line a sink, as "online: read 6 = 4 written + 1 duplicate + 1 dead".
func (l Ledger) String() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(l.Sinks)) {
		lines = append(lines, name+": "+l.Sinks[name].String())
	}
	return strings.Join(lines, "\n")
}

// Ledger is the count so far. It may be asked for while the graph runs.
func (g *Graph) Ledger() Ledger {
	l, read := Ledger{Sinks: g.ledger.Now()}, map[*engine.Node]int64{}
	for _, n := range g.nodes {
		if n.Kind == engine.Sink {
			read[n.Root()] = max(read[n.Root()], l.Sinks[n.Name].Read)
		}
	}
	for _, rows := range read {
		l.Read += rows
	}
	return l
}

// Status is the state of the graph as it is now: where each lane and store is, what
// nodes wait for, and what became of rows. It may be asked for while the graph
// runs. Package observe shows it to people and to Prometheus.
func (g *Graph) Status() status.Graph { return g.engine().Status() }

// NodeStats is what one node has done since Run began.
type NodeStats struct {
	Node    string
	Source  bool          // it takes from outside of the graph
	Batches int64         // taken
	Rows    int64         // in them, whatever their outcome; records at the first stage
	Busy    time.Duration // inside the node, all lanes together
	Blocked time.Duration // handing batches on while the next node's queue was full, all lanes together

	// Queue is how many batches of a lane waited after the one that was taken, on
	// average, and QueueMost at most. At a source it is what was pushed and waits
	// for the first node.
	Queue     float64
	QueueMost int64
}

// Stats lists the nodes in wiring order. It may be asked for while the graph
// runs. A source's rows are those that it pushed.
func (g *Graph) Stats() []NodeStats {
	out := make([]NodeStats, len(g.nodes))
	for i, n := range g.nodes {
		s := &n.Node.Stats
		out[i] = NodeStats{
			Node: n.Name, Source: n.Kind == engine.Source, Batches: s.Batches.Load(), Rows: s.Rows.Load(),
			Busy: time.Duration(s.Busy.Load()), Blocked: time.Duration(s.Blocked.Load()),
			Queue: float64(s.QueueSum.Load()) / float64(max(s.QueueTimes.Load(), 1)), QueueMost: s.QueueMost.Load(),
		}
	}
	return out
}

// Rate is the rows a second that the node took over that time.
func (n NodeStats) Rate(over time.Duration) float64 {
	return float64(n.Rows) / max(over, 1).Seconds()
}
