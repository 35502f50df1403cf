// Package watermill reads rows from any Watermill subscriber: each message is a
// record, and it is acked once all sinks hold it durably.
//
// What that gives is at least once. A subscriber can't be told where to begin,
// so what a Kafka source can promise is out of reach here:
//
//   - A message that was not acked when the process ended comes again, as a new
//     row. Online, and offline where the group's identity is declared, it takes
//     the place of the one before: the rows are right, but the ledger counts both.
//     So may the last one acked: a subscriber that is closed may not hear that.
//   - There are no offsets to compare across runs. The source numbers messages by
//     its own: a run begins at the time of its start, in ticks, or where the
//     sinks are if that is later. So the rows of a run are newer than all rows
//     before it, as long as the clock doesn't go back between runs.
//   - Nothing can be read again before the start: after a restart the windows of
//     stages begin empty.
//   - Order is the order in which the subscriber delivers. One that delivers the
//     partitions of a topic side by side keeps no order between them.
//
// Most subscribers hold the next message back until the one before is acked,
// among them those of watermill-kafka and gochannel. With a sink that commits
// once a minute such a subscriber delivers one message a minute. They suit
// sinks that are durable at once; package kafka suits the others.
package watermill

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Source reads one topic of a subscriber as one lane. A message's payload is
// the record's value (none at all is a delete), and its metadata and UUID are
// the headers.
type Source struct {
	Subscriber message.Subscriber // stays its maker's to close
	Topic      string

	Key  func(*message.Message) []byte    // default none; a delete needs one
	Time func(*message.Message) time.Time // default when it came

	MaxBatch int // messages of one hand-over at most, where that many wait; default 256
}

var _ pipeline.Source = Source{}

// Check reports all that is wrong with the settings.
func (s Source) Check() error {
	var errs []error
	if s.Subscriber == nil {
		errs = append(errs, errors.New("no Subscriber"))
	}
	if s.Topic == "" {
		errs = append(errs, errors.New("no Topic"))
	}
	if s.MaxBatch < 0 {
		errs = append(errs, errors.New("MaxBatch can't be negative"))
	}
	return errors.Join(errs...)
}

// Run reads until ctx ends or the subscriber is closed.
func (s Source) Run(ctx context.Context, in *pipeline.SourceNode) error {
	if s.MaxBatch == 0 {
		s.MaxBatch = 256
	}
	c, next, err := s.begin(ctx, in)
	if err != nil {
		return err
	}
	// The subscription outlives ctx until what was read is durable: messages
	// can't be acked after it.
	subscription, unsubscribe := context.WithCancel(context.WithoutCancel(ctx))
	defer unsubscribe()
	messages, err := s.Subscriber.Subscribe(subscription, s.Topic)
	if err != nil {
		return fmt.Errorf("subscribe to %q: %w", s.Topic, err)
	}
	l, err := newLane(s, in, c, next)
	if err != nil {
		return err
	}
	l.read(ctx, messages)
	in.End(l.Feed)
	<-l.Done

	unsubscribe()
	l.nack()
	for m := range messages {
		m.Nack()
	}
	return nil
}

// tick is what offsets count: more of them a second, 62,500, than a subscriber
// delivers messages, so that a run ends before the next one begins; and few
// enough for 46 bits, which is what a sink may have for an offset, to last 35 years.
const tick = 16 * time.Microsecond

var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// started has the monotonic clock go on from the wall's, which may be set back
// while the process runs.
var started = time.Now()

func ticks() int64 { return int64((started.Sub(zero) + time.Since(started)) / tick) }

// given is after every offset that this process gave to a message: the clock
// alone can't tell runs that follow each other within a tick.
var given atomic.Int64

func giveUpTo(next int64) {
	for was := given.Load(); next > was && !given.CompareAndSwap(was, next); was = given.Load() {
	}
}

// begin opens the lane where the sinks are, and numbers its messages from the
// next tick on: the offsets between stand for nothing.
func (s Source) begin(ctx context.Context, in *pipeline.SourceNode) (c pipeline.LaneConfig, next int64, err error) {
	held, _, err := in.Progress(ctx, s.Topic, 0)
	if err != nil {
		return c, 0, fmt.Errorf("progress of %q: %w", s.Topic, err)
	}
	next = max(ticks(), given.Load(), held.Counted)
	for _, sink := range held.Sinks {
		next = max(next, sink.Next)
	}
	c.Lane = feature.Lane{
		TopicPartition: feature.TopicPartition{Topic: s.Topic, Epoch: held.Epoch}, TopicID: held.TopicID,
		Start: held.Counted, Resumed: held,
	}
	return c, next, nil
}
