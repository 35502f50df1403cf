package memlog

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Source reads all partitions of a Log, turn by turn. A lane begins where the
// sinks are, else after the last commit, else at the first record.
type Source struct {
	Log   *Log
	Epoch int32 // which life of the log

	// UntilEnd stops once all that was in the log at the start is durable.
	// Default: on and on.
	UntilEnd bool

	MaxBatch int // records of one hand-over at most; default 4096
}

var _ pipeline.Source = Source{}

// Check reports all that is wrong with the settings.
func (s Source) Check() error {
	var errs []error
	if s.Log == nil {
		errs = append(errs, errors.New("Log is nil"))
	}
	if s.Epoch < 0 {
		errs = append(errs, fmt.Errorf("negative Epoch: %d", s.Epoch))
	}
	if s.MaxBatch < 0 {
		errs = append(errs, fmt.Errorf("negative MaxBatch: %d", s.MaxBatch))
	}
	return errors.Join(errs...)
}

// Run reads until ctx ends or, with UntilEnd, until the end.
func (s Source) Run(ctx context.Context, in *pipeline.SourceNode) error {
	if s.MaxBatch == 0 {
		s.MaxBatch = 4096
	}
	r := &reader{Source: s, in: in, woken: make(chan struct{}, 1)}
	if err := r.open(ctx); err != nil {
		return err
	}
	if err := r.read(ctx); err != nil {
		return err
	}
	feeds := make([]*pipeline.Feed, len(r.lanes))
	for i, l := range r.lanes {
		feeds[i] = l.Feed
	}
	in.End(feeds...)
	for _, f := range feeds {
		<-f.Done
	}
	return nil
}

// reader is one run of a Source.
type reader struct {
	Source
	in    *pipeline.SourceNode
	lanes []*lane
	woken chan struct{} // holds one if a lane has room again
}

// open plans all lanes before it opens the first.
func (r *reader) open(ctx context.Context) error {
	var plans []plan
	for p := range r.Log.partitions {
		next, err := r.plan(ctx, int32(p))
		if err != nil {
			return err
		}
		plans = append(plans, next)
	}
	for _, p := range plans {
		l, err := r.lane(p)
		if err != nil {
			return err
		}
		r.lanes = append(r.lanes, l)
	}
	return nil
}

// plan is a lane that is about to be opened.
type plan struct {
	pipeline.LaneConfig
	from, until int64
}

func (r *reader) plan(ctx context.Context, p int32) (plan, error) {
	first, last := r.Log.Bounds(p)
	out := plan{until: math.MaxInt64}
	out.TopicPartition = feature.TopicPartition{Topic: r.Log.topic, Partition: p, Epoch: r.Epoch}
	out.Start = first
	if r.UntilEnd {
		out.until = last
	}
	held, known, err := r.in.Progress(ctx, r.Log.topic, p)
	if err != nil {
		return out, fmt.Errorf("progress of %s/%d: %w", r.Log.topic, p, err)
	}
	m, marked := r.Log.mark(p)
	if known {
		m = mark{held.Epoch, held.Counted}
	}
	switch {
	case !known && !marked || m.epoch < r.Epoch: // what is known is of another life
	case m.epoch > r.Epoch:
		return out, fmt.Errorf("%s/%d: Epoch is %d, and epoch %d has been read already", r.Log.topic, p, r.Epoch, m.epoch)
	default:
		out.Start, out.Resumed = m.next, held
	}
	if out.Start < first || out.Start > last {
		return out, r.loss(out.TopicPartition, out.Start)
	}
	out.from = max(first, out.Start-int64(r.in.Replay))
	return out, nil
}

func (r *reader) loss(p feature.TopicPartition, want int64) error {
	first, last := r.Log.Bounds(p.Partition)
	return &pipeline.DataLossError{TopicPartition: p, Want: want, Earliest: first, Latest: last}
}

// read hands records over until there is nothing left to read.
func (r *reader) read(ctx context.Context) error {
	for ctx.Err() == nil {
		changed := r.Log.next() // before the log is looked at
		moved, open := false, false
		for _, l := range r.lanes {
			n, err := r.step(l)
			if err != nil {
				return err
			}
			moved, open = moved || n, open || !l.ended
		}
		if !open {
			return nil
		}
		if moved {
			continue
		}
		select {
		case <-changed:
		case <-r.woken:
		case <-ctx.Done():
		}
	}
	return nil
}
