package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// topic is what the brokers say of it now.
type topic struct {
	name  string
	id    string // empty where brokers are too old for ids
	count int32
	admin *kadm.Client
}

// topic asks for it. A topic that was made a moment ago may be unknown to a
// broker for another one.
func (r *reader) topic(ctx context.Context) (*topic, error) {
	deadline := time.Now().Add(time.Second)
	for {
		all, err := ask(ctx, func() (kadm.TopicDetails, error) { return r.admin.ListTopics(ctx, r.Topic) })
		if err != nil {
			return nil, fmt.Errorf("look up topic %q: %w", r.Topic, err)
		}
		d := all[r.Topic]
		unknown := errors.Is(d.Err, kerr.UnknownTopicOrPartition)
		switch {
		case d.Err == nil:
			return r.describe(d)
		case unknown && time.Now().After(deadline):
			return nil, fmt.Errorf("topic %q does not exist", r.Topic)
		case !unknown && !passes(d.Err) || !pause(ctx, 100*time.Millisecond):
			return nil, fmt.Errorf("topic %q: %w", r.Topic, d.Err)
		}
	}
}

func (r *reader) describe(d kadm.TopicDetail) (*topic, error) {
	t := &topic{name: r.Topic, count: int32(len(d.Partitions)), admin: r.admin}
	if d.ID != (kadm.TopicID{}) {
		t.id = d.ID.String()
	}
	if r.Partitions != 0 && r.Partitions != len(d.Partitions) {
		return nil, fmt.Errorf("topic %q has %d partitions, not the %d that Partitions says", r.Topic, len(d.Partitions), r.Partitions)
	}
	return t, nil
}

type offsets map[int32]int64

func (t *topic) first(ctx context.Context) (offsets, error) {
	return t.list(ctx, t.admin.ListStartOffsets)
}

// last is after the last entry, though a transaction may still be open there.
func (t *topic) last(ctx context.Context) (offsets, error) {
	return t.list(ctx, t.admin.ListEndOffsets)
}

// stable is after the last entry that no open transaction hides.
func (t *topic) stable(ctx context.Context) (offsets, error) {
	return t.list(ctx, t.admin.ListCommittedOffsets)
}

func (t *topic) since(ctx context.Context, at time.Time) (offsets, error) {
	return t.list(ctx, func(ctx context.Context, names ...string) (kadm.ListedOffsets, error) {
		return t.admin.ListOffsetsAfterMilli(ctx, at.UnixMilli(), names...)
	})
}

func (t *topic) list(ctx context.Context, from func(context.Context, ...string) (kadm.ListedOffsets, error)) (offsets, error) {
	listed, err := ask(ctx, func() (kadm.ListedOffsets, error) {
		listed, err := from(ctx, t.name)
		return listed, errors.Join(err, listed.Error())
	})
	if err != nil {
		return nil, fmt.Errorf("list offsets of %q: %w", t.name, err)
	}
	out := offsets{}
	for p, o := range listed[t.name] {
		out[p] = o.Offset
	}
	return out, nil
}

// ask repeats a question while the brokers can't answer it for now.
func ask[T any](ctx context.Context, question func() (T, error)) (T, error) {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		answer, err := question()
		if err == nil || !passes(err) || ctx.Err() != nil {
			return answer, err
		}
		if !pause(ctx, wait) {
			return answer, err
		}
	}
}

// passes reports whether an error of the brokers may pass by itself. One that hangs up before its first answer may want
// TLS, as the client guesses; or it is what stands before a broker that restarts. At the start the two can't be told
// apart, and an error there ends the run.
func passes(err error) bool {
	if hangsUp := (*kgo.ErrFirstReadEOF)(nil); errors.As(err, &hangsUp) {
		return true
	}
	return kerr.IsRetriable(err) && !errors.Is(err, kerr.UnknownTopicOrPartition) && !errors.Is(err, kerr.UnknownTopicID) ||
		kgo.IsRetryableBrokerErr(err) || isDial(err)
}

// pause waits, and reports whether ctx is still alive after it.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
