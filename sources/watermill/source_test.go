package watermill_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	wm "github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sources/sourcetest"
	"github.com/tandemdata/tandem/sources/watermill"
)

const keyed = "key" // metadata that the tests carry keys in

func toMessage(r feature.Record) *message.Message {
	m := message.NewMessage(wm.NewShortUUID(), r.Value)
	m.Metadata[keyed] = string(r.Key)
	for _, h := range r.Headers {
		m.Metadata[h.Key] = string(h.Value)
	}
	return m
}

func keyOf(m *message.Message) []byte { return []byte(m.Metadata[keyed]) }

// channel is a gochannel that keeps messages until somebody subscribes. Each is
// published once the one before is acked, or the order would be anybody's.
type channel struct {
	*gochannel.GoChannel
	waiting chan *message.Message
}

func newChannel(t testing.TB) *channel {
	t.Helper()
	c := &channel{
		gochannel.NewGoChannel(gochannel.Config{BlockPublishUntilSubscriberAck: true}, nil),
		make(chan *message.Message, 10_000),
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (c *channel) Topic() string { return "t" }

func (c *channel) Append(_ testing.TB, _ int32, records ...feature.Record) {
	for _, r := range records {
		c.waiting <- toMessage(r)
	}
}

func (c *channel) Source(s sourcetest.Settings) pipeline.Source {
	return watermill.Source{Subscriber: c, Topic: "t", Key: keyOf, MaxBatch: s.MaxBatch}
}

func (c *channel) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	out, err := c.GoChannel.Subscribe(ctx, topic)
	go func() {
		for {
			select {
			case m := <-c.waiting:
				if c.Publish(topic, m) != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, err
}

func TestSource(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		New:     func(t testing.TB, _ int32) sourcetest.Log { return newChannel(t) },
		OneLane: true,
	})
}

// several is a subscriber that delivers on without waiting for acks, as some do.
type several chan *message.Message

func (s several) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		for {
			select {
			case m := <-s:
				select {
				case out <- m:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func (s several) Close() error { return nil }

func TestMessagesAreAckedWhenDurableAndNackedWhenNot(t *testing.T) {
	in := make(several, 10)
	var all []*message.Message
	for i := range 10 {
		all = append(all, toMessage(feature.Record{Value: fmt.Append(nil, i)}))
		in <- all[i]
	}
	g := sourcetest.NewGraph(t)
	g.Hold = true
	run := g.Start(watermill.Source{Subscriber: in, Topic: "t"})
	lane := g.Await("all messages", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 10 })[0]
	if n := acked(all); n != 0 {
		t.Fatalf("%d messages were acked before anything was durable", n)
	}
	first := lane.Pushes[0].List[0].Offset
	lane.Commit(first + 4)
	if n := acked(all); n != 4 {
		t.Fatalf("%d messages were acked, not 4", n)
	}
	run.Cancel()
	g.Await("the end", func(lanes []sourcetest.Lane) bool { return lanes[0].Ended })
	lane.Commit(first + 6)
	lane.Finish()
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := acked(all); n != 6 {
		t.Errorf("%d messages were acked, not 6", n)
	}
	for _, m := range all[6:] {
		select {
		case <-m.Nacked():
		default:
			t.Errorf("message %s was neither acked nor nacked", m.Payload)
		}
	}
}

func acked(all []*message.Message) (n int) {
	for _, m := range all {
		select {
		case <-m.Acked():
			n++
		default:
		}
	}
	return n
}

// Whatever the sinks hold, the rows of a run are newer than all before it.
func TestARunIsNewerThanAllBeforeIt(t *testing.T) {
	var before int64
	for range 3 {
		in := make(several, 1)
		in <- toMessage(feature.Record{})
		g := sourcetest.NewGraph(t)
		run := g.Start(watermill.Source{Subscriber: in, Topic: "t"})
		lane := g.Await("a message", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 1 })[0]
		if first := lane.Pushes[0].List[0].Offset; first <= before || first >= 1<<46 {
			t.Errorf("the run begins at %d, the one before ended at %d", first, before)
		}
		before = lane.Pushes[0].Span.To - 1
		if err := run.Stop(); err != nil {
			t.Fatal(err)
		}
	}

	g := sourcetest.NewGraph(t)
	future := before + int64(time.Hour/time.Microsecond)
	g.Progress[0] = feature.Progress{Epoch: 2, Counted: 5, Sinks: map[string]feature.SinkProgress{"a": {Next: future}, "b": {Next: 5}}}
	in := make(several, 1)
	in <- toMessage(feature.Record{})
	run := g.Start(watermill.Source{Subscriber: in, Topic: "t"})
	lane := g.Await("a message", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 1 })[0]
	if first := lane.Pushes[0].List[0].Offset; first != future || lane.Start != 5 || lane.Epoch != 2 {
		t.Errorf("the run begins at %d and its rows at %d of epoch %d, and a sink is at %d of 2", lane.Start, first, lane.Epoch, future)
	}
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
}

func TestAClosedSubscriberIsTheEnd(t *testing.T) {
	c := newChannel(t)
	g := sourcetest.NewGraph(t)
	run := g.Start(c.Source(sourcetest.Settings{}))
	g.Await("a lane", func(lanes []sourcetest.Lane) bool { return len(lanes) == 1 })
	c.Close()
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
}

type refusing struct{}

func (refusing) Subscribe(context.Context, string) (<-chan *message.Message, error) {
	return nil, errors.New("no")
}
func (refusing) Close() error { return nil }

func TestASubscriptionThatFailsIsTheRunsError(t *testing.T) {
	err := sourcetest.NewGraph(t).Start(watermill.Source{Subscriber: refusing{}, Topic: "t"}).Wait()
	if err == nil || err.Error() != `subscribe to "t": no` {
		t.Fatal(err)
	}
}
