package kafka

import (
	"context"
	"fmt"
)

// past is what is known of the partitions that are about to be read.
type past struct {
	marks map[int32]mark // of those that were read before
	count int32          // how many partitions the topic had then; if none was read, when the run began
}

// past asks the sinks, then the group. Where keys must stay, a topic that has
// other partitions than when it was last read is refused.
func (r *reader) past(ctx context.Context, log survey, partitions []int32) (past, error) {
	out := past{marks: map[int32]mark{}}
	unknown := false
	for _, p := range partitions {
		m, ok, err := r.known(ctx, log, p)
		if err != nil {
			return out, err
		}
		if ok {
			out.marks[p] = m
			out.count = max(out.count, m.partitions)
			if err := r.fixed(m.epoch, m.partitions, log); err != nil {
				return out, err
			}
		}
		unknown = unknown || !ok
	}
	if unknown && (r.in.KeysStay || r.From != Earliest) {
		return out, r.others(ctx, log, &out)
	}
	return out, nil
}

// others finds out from any other partition how many there were: one that is
// unknown may be new, or one that never had a row.
func (r *reader) others(ctx context.Context, log survey, out *past) error {
	for p := int32(0); p < log.count && out.count == 0; p++ {
		m, _, err := r.known(ctx, log, p)
		if err != nil {
			return err
		}
		out.count = m.partitions
		if err := r.fixed(m.epoch, m.partitions, log); err != nil {
			return err
		}
	}
	if out.count == 0 {
		out.count = r.count
	}
	return r.fixed(r.Epoch, r.count, log)
}

// known is how far a partition was read; false if nobody knows.
func (r *reader) known(ctx context.Context, log survey, partition int32) (mark, bool, error) {
	held, ok, err := r.in.Progress(ctx, r.Topic, partition)
	if err != nil {
		return mark{}, false, fmt.Errorf("progress of %s/%d: %w", r.Topic, partition, err)
	}
	if ok {
		return mark{epoch: held.Epoch, topicID: held.TopicID, partitions: held.Partitions, next: held.Counted, held: held}, true, nil
	}
	m, ok := log.marks[partition]
	return m, ok, nil
}

// fixed fails if keys may have moved to other partitions since the given number
// was seen in an epoch.
func (r *reader) fixed(epoch, was int32, log survey) error {
	if !r.in.KeysStay || epoch != r.Epoch || was == 0 || was == log.count {
		return nil
	}
	return &PartitionsError{Topic: r.Topic, Was: was, Now: log.count, Epoch: r.Epoch}
}

// grew reports whether the topic is the one that was read, with more partitions.
// What was read of it stays read, in the epoch before. Where a broker has no
// topic ids it may as well be another topic, and is read from its beginning.
func (m mark) grew(t *topic) bool {
	return m.partitions != 0 && m.partitions < t.count && m.topicID != "" && m.topicID == t.id
}
