package kafka

import (
	"context"
	"math"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// begin opens a lane for each of the partitions, and says from where to fetch
// it. Either all are opened or, with an error, none.
func (r *reader) begin(ctx context.Context, partitions []int32) (map[int32]kgo.Offset, error) {
	log, err := r.survey(ctx)
	if err != nil {
		return nil, err
	}
	past, err := r.past(ctx, log, partitions)
	if err != nil {
		return nil, err
	}
	plans := make([]plan, len(partitions))
	for i, p := range partitions {
		if plans[i], err = r.plan(log, past, p); err != nil {
			return nil, err
		}
	}
	return r.openAll(plans)
}

// openAll opens what is planned, unless the run is draining already. A lane
// that begins at its end is not fetched.
func (r *reader) openAll(plans []plan) (map[int32]kgo.Offset, error) {
	r.opening.Lock()
	defer r.opening.Unlock()
	if r.draining {
		return nil, nil
	}
	fetch := make(map[int32]kgo.Offset, len(plans))
	var ended []*lane
	for _, p := range plans {
		l, err := r.open(p)
		if err != nil {
			r.fail(err)
			return nil, err
		}
		if l.atEnd() {
			ended = append(ended, l)
		} else {
			fetch[p.Partition] = kgo.NewOffset().At(p.fetch).WithEpoch(-1) // the sinks' offsets have no leader epoch to compare
		}
	}
	r.reached(ended)
	return fetch, nil
}

// survey is all that the brokers know that matters to where lanes begin.
type survey struct {
	*topic
	first, last offsets
	fresh       offsets        // where a partition begins that nobody knows
	marks       map[int32]mark // what the group knows
}

func (r *reader) survey(ctx context.Context) (s survey, err error) {
	if s.topic, err = r.topic(ctx); err != nil {
		return s, err
	}
	if s.topic.id != r.id {
		return s, &RecreatedError{Topic: r.Topic, Was: r.id, Now: s.topic.id, Epoch: r.Epoch}
	}
	// What is known comes before the ends that it is compared with.
	if s.marks, err = r.marks(ctx); err != nil {
		return s, err
	}
	if s.first, err = s.topic.first(ctx); err != nil {
		return s, err
	}
	switch s.fresh = s.first; {
	case r.From.latest:
		s.fresh, err = s.stable(ctx)
	case !r.From.since.IsZero():
		s.fresh, err = s.since(ctx, r.From.since)
	}
	if err != nil {
		return s, err
	}
	s.last, err = s.topic.last(ctx)
	return s, err
}

// plan is a lane that is about to be opened.
type plan struct {
	pipeline.LaneConfig
	fetch int64 // the start, or as much before it as the graph wants to see again
	until int64
}

func (r *reader) plan(log survey, past past, partition int32) (plan, error) {
	p := plan{until: math.MaxInt64}
	p.TopicPartition = feature.TopicPartition{Topic: r.Topic, Partition: partition, Epoch: r.Epoch}
	p.TopicID, p.Partitions = log.id, log.count
	if r.until != nil {
		p.until = r.until[partition] // 0, its end, for a partition that is younger than the run
	}
	if err := r.settle(log, past, &p); err != nil {
		return p, err
	}
	first, last := log.first[partition], log.last[partition]
	if r.SkipLost && p.Start < first {
		r.skip(&p, first)
	}
	if p.Start < first || p.Start > last {
		return p, &pipeline.DataLossError{TopicPartition: p.TopicPartition, Want: p.Start, Earliest: first, Latest: last}
	}
	p.fetch = max(first, p.Start-int64(r.in.Replay))
	return p, nil
}

// settle finds the start: by what the sinks hold, then the group, then the settings.
func (r *reader) settle(log survey, past past, p *plan) error {
	m, known := past.marks[p.Partition]
	p.Start = log.fresh[p.Partition]
	switch {
	case !known && p.Partition >= past.count:
		p.Start = log.first[p.Partition] // it came after the others were read, and all of it is new
		return nil
	case !known:
		return nil
	case m.epoch > r.Epoch:
		return &EpochError{TopicPartition: p.TopicPartition, Known: m.epoch}
	case m.epoch < r.Epoch:
		if m.grew(log.topic) {
			p.Start = m.next // what was read stays read, and what is lost of the rest is missed
		}
		return nil // a new life: what else is known is about the one before
	case m.topicID != "" && log.id != "" && m.topicID != log.id:
		return &RecreatedError{Topic: r.Topic, Was: m.topicID, Now: log.id, Epoch: r.Epoch}
	}
	p.Start = m.next
	p.Resumed = m.held
	return nil
}

// skip begins after what the log has lost, and has the stores remember that.
func (r *reader) skip(p *plan, first int64) {
	r.in.Logger.Warn("log has lost records that were not read, will skip them", "topic", p.Topic, "partition", p.Partition, "from", p.Start, "to", first)
	p.Resumed.Gaps = append(slices.Clone(p.Resumed.Gaps), feature.Span{From: p.Start, To: first})
	p.Start = first
}
