package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline"
)

// poll reads until the run is stopped. It never waits for a lane.
func (r *reader) poll() {
	for {
		fetches := r.client.PollFetches(r.reading)
		if r.reading.Err() != nil {
			r.client.AllowRebalance()
			return
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			l := r.lane(p.Partition)
			if l != nil && p.Topic == r.Topic {
				if p.Err == nil {
					l.LogEnd(p.LastStableOffset)
				}
				r.hand(l, p.Records)
			}
			if p.Err != nil {
				r.judge(l, p.Err)
			}
		})
		r.client.AllowRebalance()
	}
}

// judge stops the run for an error that can't pass by itself.
func (r *reader) judge(l *lane, err error) {
	var loss *kgo.ErrDataLoss
	var session *kgo.ErrGroupSession
	switch {
	case errors.As(err, &session): // OnGroupManageError has judged it
	case errors.Is(err, kerr.UnknownTopicID):
		r.fail(r.recreated())
	case passes(err) || errors.Is(err, kerr.UnknownTopicOrPartition): // brokers that restart don't know their topics yet
		r.in.Logger.Debug("fetch failed, will retry", "error", err)
	case l == nil:
		r.fail(fmt.Errorf("fetch from %q: %w", r.Topic, err))
	case errors.As(err, &loss):
		r.fail(&pipeline.DataLossError{TopicPartition: l.TopicPartition, Want: loss.ConsumedTo, Latest: loss.ResetTo})
	case errors.Is(err, kerr.OffsetOutOfRange):
		r.outOfRange(l)
	default:
		r.fail(&pipeline.RecordError{TopicPartition: l.TopicPartition, Offset: l.cursor, Err: fmt.Errorf("fetch: %w", err)})
	}
}

// outOfRange asks for the facts. A leader that has just taken over can be
// behind for a moment: then the client's next fetch goes well.
func (r *reader) outOfRange(l *lane) {
	ctx, cancel := context.WithTimeout(r.reading, patience)
	defer cancel()
	log, err := r.survey(ctx)
	p, want := l.Partition, l.cursor
	switch {
	case err != nil:
		r.fail(err)
	case want < log.first[p] || want > log.last[p]:
		err := error(&pipeline.DataLossError{TopicPartition: l.TopicPartition, Want: want, Earliest: log.first[p], Latest: log.last[p]})
		if r.SkipLost && want < log.first[p] {
			err = pipeline.Restart(err) // the lane reopens after the gap
		}
		r.fail(err)
	}
}

// recreated finds out what became of the topic's id.
func (r *reader) recreated() error {
	ctx, cancel := context.WithTimeout(r.reading, patience)
	defer cancel()
	e := &RecreatedError{Topic: r.Topic, Was: r.id, Epoch: r.Epoch}
	if t, err := r.topic(ctx); err == nil {
		e.Now = t.id
	}
	return e
}
