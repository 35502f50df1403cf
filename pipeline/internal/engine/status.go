package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/tandemdata/tandem/pipeline/status"
)

// Status is the state of a graph as it is now.
func (g *Graph) Status() status.Graph {
	now := time.Now()
	out, s := g.Board.status(now)
	out.Name, out.MemoryBudget = g.Name, g.Memory
	tallies := g.Ledger.Now()
	for _, n := range g.Nodes {
		node := n.status()
		node.Tally = tallies[n.Name]
		node.Trouble = g.Board.trouble(n)
		if s != nil && node.Trouble == nil {
			node.Trouble = s.outage(n)
		}
		out.Nodes = append(out.Nodes, node)
	}
	if s != nil {
		out.Memory = s.intake.Used()
		out.Lanes = s.statusOfLanes(now)
	}
	return out
}

func (n *Node) status() status.Node {
	c := &n.Stats
	out := status.Node{
		Name: n.Name, Kind: string(n.Kind), Batches: c.Batches.Load(), Rows: c.Rows.Load(),
		Busy: time.Duration(c.Busy.Load()), Blocked: time.Duration(c.Blocked.Load()),
		QueueSum: c.QueueSum.Load(), QueueTimes: c.QueueTimes.Load(), Retries: c.Retries.Load(), Races: c.Races.Load(),
		Fresh: c.Fresh.Now(), Transit: c.Transit.Now(), Commits: c.Commits.Now(),
	}
	if n.Kind == Sink {
		out.Store = n.Store.String()
	}
	for _, o := range n.Outputs {
		out.Outputs = append(out.Outputs, o.Name)
	}
	return out
}

// outage is what a node's batches fail with, or nil.
func (s *session) outage(n *Node) *status.Trouble {
	h := s.handlers[n]
	if h == nil {
		return nil
	}
	began, lanes, cause := h.outage.now()
	if cause == nil {
		return nil
	}
	return &status.Trouble{Since: began, Lanes: lanes, Cause: cause.Error()}
}

func (s *session) statusOfLanes(now time.Time) []status.Lane {
	var out []status.Lane
	for _, l := range s.all() {
		out = append(out, l.status(now))
	}
	slices.SortFunc(out, func(a, b status.Lane) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return out
}

func (l *lane) status(now time.Time) status.Lane {
	m := l.marks
	m.mu.Lock()
	defer m.mu.Unlock()
	out := status.Lane{Topic: l.Topic, Partition: l.Partition, Start: l.Start, Read: m.read, End: m.end, Durable: l.frontier.At()}
	for sink, s := range m.sinks {
		at := status.LaneSink{Sink: sink, Next: s.next}
		if i := m.first(s.next); i < len(m.spans) {
			oldest := m.spans[i]
			at.Behind, at.Waiting = max(now.Sub(oldest.made), 0), now.Sub(oldest.pushed)
			at.Still = min(at.Waiting, now.Sub(s.moved))
		}
		out.Sinks = append(out.Sinks, at)
	}
	slices.SortFunc(out.Sinks, func(a, b status.LaneSink) int { return cmp.Compare(a.Sink, b.Sink) })
	return out
}
