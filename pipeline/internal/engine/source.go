package engine

import (
	"context"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/frontier"
)

// sourceNode is what a source sees of the session.
func (s *session) sourceNode(n *Node) *SourceNode {
	return &SourceNode{
		Node: n, Logger: s.g.Logger.With("node", n.Name), KeysStay: s.g.keysStay(n), Replay: s.g.replay(n),
		Progress: func(ctx context.Context, topic string, partition int32) (feature.Progress, bool, error) {
			return s.progress(ctx, n, topic, partition)
		},
		Open: func(c LaneConfig) (*Feed, error) { return s.openLane(n, c) },
		End:  s.end,
		Wait: func(cause error) { s.g.Board.wait(n, cause) },
	}
}

// keysStay reports whether any store after a source rests on that.
func (g *Graph) keysStay(source *Node) bool {
	return slices.ContainsFunc(g.SinksOf(source), func(n *Node) bool { return n.Schema.Group.KeysStay() })
}

// replay is what the neediest stage after a source asks for.
func (g *Graph) replay(source *Node) int {
	records := 0
	for _, n := range g.Nodes {
		if n.Root() == source {
			records = max(records, n.Replay)
		}
	}
	return records
}

// progress merges what the sinks after a source hold of a partition.
func (s *session) progress(ctx context.Context, source *Node, topic string, partition int32) (feature.Progress, bool, error) {
	var merged feature.Progress
	found, fresh := false, false
	for _, n := range s.g.SinksOf(source) {
		k, ok := s.sinks[n].w.(progressStore)
		if !ok {
			continue
		}
		p, ok, err := k.Progress(ctx, topic, partition)
		switch {
		case err != nil:
			return feature.Progress{}, false, s.g.Locate(n.Name, "", err)
		case !ok:
			fresh = true
		case !found:
			merged, found = p, true
		default:
			merged = frontier.Merge(merged, p)
		}
	}
	if found && fresh { // it has none of the rows yet
		merged = frontier.Merge(feature.Progress{Epoch: merged.Epoch}, merged)
	}
	s.note(source, topic, partition, merged, found)
	return merged, found, nil
}

// note keeps the progress that a source was given, which its lane is checked against.
func (s *session) note(source *Node, topic string, partition int32, p feature.Progress, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := partitionOf{source, topic, partition}
	s.held[at] = nil
	if found {
		s.held[at] = &p
	}
}

// partitionOf names a partition of what a source reads, whatever its epoch.
type partitionOf struct {
	source    *Node
	topic     string
	partition int32
}
