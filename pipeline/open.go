package pipeline

import (
	"context"
	"maps"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// intakeOf is what a source sees of the session.
func (s *session) intakeOf(n *node) *SourceNode {
	return &SourceNode{
		Name: n.name, Logger: s.g.log().With("node", n.name), ByLog: s.g.byLog(n), warm: s.g.warm(n),
		progress: func(ctx context.Context, topic string, partition int32) (Progress, bool, error) {
			return s.progress(ctx, n, topic, partition)
		},
		open: func(c LaneConfig) *Lane { return s.openLane(n, c) },
	}
}

// byLog reports whether any store behind a source takes the log's order.
func (g *Graph) byLog(source *node) bool {
	return slices.ContainsFunc(g.sinksOf(source), func(n *node) bool { return n.schema.Group.Order == feature.ByLog })
}

// warm is what the neediest stage behind a source asks for.
func (g *Graph) warm(source *node) int {
	records := 0
	for _, n := range g.nodes {
		if w, ok := n.spec.(Replayer); ok && n.root() == source {
			records = max(records, w.Replay())
		}
	}
	return records
}

// progress merges what the sinks behind a source hold of a partition.
func (s *session) progress(ctx context.Context, source *node, topic string, partition int32) (Progress, bool, error) {
	var merged Progress
	found, fresh := false, false
	for _, n := range s.g.sinksOf(source) {
		k, ok := s.sinks[n].w.(ProgressStore)
		if !ok {
			continue
		}
		p, ok, err := k.Progress(ctx, topic, partition)
		switch {
		case err != nil:
			return Progress{}, false, &Error{Node: n.name, Err: err}
		case !ok:
			fresh = true
		case !found:
			merged, found = p, true
		default:
			merged = behind(merged, p)
		}
	}
	if found && fresh { // it has none of the rows yet
		merged = behind(Progress{Epoch: merged.Epoch}, merged)
	}
	return merged, found, nil
}

// behind merges two accounts of one partition. A lane opens where the one
// furthest behind is, whose tallies count the rows before that; each sink has
// what either knows of.
func behind(a, b Progress) Progress {
	if b.Epoch < a.Epoch || b.Epoch == a.Epoch && b.Counted < a.Counted {
		a, b = b, a
	}
	if a.TopicID == "" {
		a.TopicID = b.TopicID
	}
	if a.Epoch == b.Epoch {
		a.Partitions = max(a.Partitions, b.Partitions)
		if len(b.Gaps) > len(a.Gaps) {
			a.Gaps = b.Gaps
		}
	}
	sinks := maps.Clone(a.Sinks)
	if sinks == nil {
		sinks = map[string]SinkProgress{}
	}
	for name, s := range b.Sinks {
		if a.Epoch == b.Epoch {
			sinks[name] = SinkProgress{max(s.Next, a.Sinks[name].Next), a.Sinks[name].Tally}
		}
	}
	a.Sinks = sinks
	return a
}

// openLane is SourceNode.Open.
func (s *session) openLane(source *node, c LaneConfig) *Lane {
	var sinks []string
	for _, n := range s.g.sinksOf(source) {
		sinks = append(sinks, n.name)
	}
	l := NewLane(c, sinks, s.intake.push, s.intake.end)
	l.settled = s.unsettled(source)
	at := log{source, l.TopicPartition}
	s.g.ledger.open(at, len(l.settled) < len(sinks), c.Resumed)
	l.frontier.counted = func(sink string, t feature.Tally) { s.g.ledger.count(at, sink, t) }
	l.source = source
	s.mu.Lock()
	s.nextID++
	l.id = s.nextID
	s.live[l.id] = l
	over := s.ctx.Err() != nil
	s.mu.Unlock()
	s.intake.open(source, l, sinks)
	if over {
		l.Finish()
	}
	return l
}

func (s *session) unsettled(source *node) map[string]chan struct{} {
	m := map[string]chan struct{}{}
	for _, n := range s.g.sinksOf(source) {
		if _, keeps := s.sinks[n].w.(ProgressStore); !keeps {
			m[n.name] = make(chan struct{})
		}
	}
	return m
}
