package frontier

import (
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Progress is how far the lane would be if a sink had made more spans durable:
// what it stores in the commit of their rows.
func (f *Frontier) Progress(l *feature.Lane, sink string, done []feature.SpanTally) feature.Progress {
	f.mu.Lock()
	c := &Frontier{at: f.at, sinks: make(map[string]*branch, len(f.sinks))}
	for name, b := range f.sinks {
		c.sinks[name] = &branch{next: b.next, reported: b.reported, total: b.total, pending: slices.Clone(b.pending)}
	}
	f.mu.Unlock()

	c.sinks[sink].add(done)
	for c.step() {
	}
	p := feature.Progress{
		Epoch: l.Epoch, TopicID: l.TopicID, Partitions: l.Partitions, Gaps: l.Resumed.Gaps,
		Counted: c.at, Sinks: map[string]feature.SinkProgress{},
	}
	for name, b := range c.sinks {
		p.Sinks[name] = feature.SinkProgress{Next: b.next, Tally: b.total}
	}
	return p
}

// Merge joins two accounts of one partition. A lane opens where the one that is
// furthest back is, whose tallies count the rows before that; each sink has what
// either knows of.
func Merge(a, b feature.Progress) feature.Progress {
	if b.Epoch < a.Epoch || b.Epoch == a.Epoch && b.Counted < a.Counted {
		a, b = b, a
	}
	if a.TopicID == "" {
		a.TopicID = b.TopicID
	}
	sinks := make(map[string]feature.SinkProgress, len(a.Sinks)+len(b.Sinks))
	for name, s := range a.Sinks {
		sinks[name] = s
	}
	if a.Epoch == b.Epoch {
		a.Partitions = max(a.Partitions, b.Partitions)
		if len(b.Gaps) > len(a.Gaps) {
			a.Gaps = b.Gaps
		}
		for name, s := range b.Sinks {
			sinks[name] = feature.SinkProgress{Next: max(s.Next, a.Sinks[name].Next), Tally: a.Sinks[name].Tally}
		}
	}
	a.Sinks = sinks
	return a
}
