package pipelinetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)


// partition is one in all its epochs.
type partition struct {
	topic string
	id    int32
}

// held is what the graph says of each partition that was sent to.
type held map[partition]feature.Progress

// progress reads how far the graph is, and finds counts that don't add up and
// offsets of the source that are ahead.
func (o Oracle) progress(ctx context.Context, b *BrokenError, log view) (held, error) {
	out := held{}
	for _, p := range log.partitions() {
		ahead, known, err := int64(0), false, error(nil)
		if o.Committed != nil { // first, for the other may move on meanwhile
			if ahead, known, err = o.Committed(ctx, p.Partition); err != nil {
				return nil, fmt.Errorf("the source's offset of %s/%d: %w", p.Topic, p.Partition, err)
			}
		}
		if o.Keeper == nil {
			continue
		}
		at, ok, err := o.Keeper.Progress(ctx, p.Topic, p.Partition)
		if err != nil {
			return nil, fmt.Errorf("progress of %s/%d: %w", p.Topic, p.Partition, err)
		}
		if next := at.Sinks[o.OfflineNode].Next; known && (!ok || ahead > next && at.Epoch == p.Epoch) {
			b.add("%s/%d: the source's offset %d is ahead of the %d that the table holds", p.Topic, p.Partition, ahead, next)
		}
		if ok {
			out[partition{p.Topic, p.Partition}] = at
			log.counts(b, feature.TopicPartition{Topic: p.Topic, Partition: p.Partition, Epoch: at.Epoch}, at)
		}
	}
	return out, nil
}

// counts finds a sink whose tally is not that of the records before Counted.
func (v view) counts(b *BrokenError, p feature.TopicPartition, at feature.Progress) {
	read := int64(0)
	for e := range v.readable {
		if e.TopicPartition == p && e.Offset < at.Counted {
			read++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(at.Sinks)) {
		s := at.Sinks[name]
		if !s.Tally.Balanced() {
			b.add("%s of %s: the counts don't add up: %+v", describePlace(p, at.Counted), name, s.Tally)
		}
		if s.Tally.Read != read {
			b.add("%s of %s: %d records were counted, and %d were sent before", describePlace(p, at.Counted), name, s.Tally.Read, read)
		}
		if s.Next < at.Counted {
			b.add("%s of %s: it holds rows before %d only", describePlace(p, at.Counted), name, s.Next)
		}
	}
}

// partitions are those that were sent to, each with its last epoch.
func (v view) partitions() []feature.TopicPartition {
	last := map[partition]int32{}
	for _, e := range v.sent {
		p := partition{e.Topic, e.Partition}
		last[p] = max(last[p], e.Epoch)
	}
	var out []feature.TopicPartition
	for p, epoch := range last {
		out = append(out, feature.TopicPartition{Topic: p.topic, Partition: p.id, Epoch: epoch})
	}
	slices.SortFunc(out, func(a, b feature.TopicPartition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return out
}

// before is the offset before which a sink holds the rows of a place, by what
// the graph says. Of an earlier epoch it doesn't say any more.
func (h held) before(sink string, earlier int64) func(feature.TopicPartition) int64 {
	return func(p feature.TopicPartition) int64 {
		progress, ok := h[partition{p.Topic, p.Partition}]
		switch {
		case !ok || p.Epoch > progress.Epoch:
			return -1
		case p.Epoch < progress.Epoch:
			return earlier
		}
		return progress.Sinks[sink].Next
	}
}
