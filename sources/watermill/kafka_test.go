package watermill_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/IBM/sarama"
	wmkafka "github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/sources/kafkatest"
	"github.com/tandemdata/tandem/sources/sourcetest"
	"github.com/tandemdata/tandem/sources/watermill"
)

func TestWatermillKafka(t *testing.T) {
	c, err := kafkatest.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	watermillKafka(t, c.Brokers())
}

func TestWatermillKafkaOnRealKafka(t *testing.T) { watermillKafka(t, servers.Kafka(t)) }

// watermillKafka has what was not durable come again in the next run.
func watermillKafka(t *testing.T, brokers []string) {
	topic := newTopic(t, brokers)
	produce(t, brokers, topic, 0, 30)
	g := sourcetest.NewGraph(t)
	subscriber := subscribe(t, brokers, topic)
	run := g.Start(watermill.Source{Subscriber: subscriber, Topic: topic, Key: kafkaKey, Time: kafkaTime})
	lanes := g.Await("all messages", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 30 })
	for i, r := range sourcetest.Got(lanes, 0) {
		if string(r.Value) != fmt.Sprint(i) || string(r.Key) != fmt.Sprint("k", i) || r.Timestamp != 1_700_000_000_000+int64(i) {
			t.Fatalf("message %d came as %+v", i, r)
		}
	}
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
	subscriber.Close()

	produce(t, brokers, topic, 30, 40)
	for _, durable := range []bool{false, true} {
		g := sourcetest.NewGraph(t)
		g.Hold = !durable
		subscriber := subscribe(t, brokers, topic)
		run := g.Start(watermill.Source{Subscriber: subscriber, Topic: topic, Key: kafkaKey, Time: kafkaTime})
		got := sourcetest.Got(g.Await("what was not durable", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) > 0 }), 0)
		// The subscriber may not hear the last ack before it is closed.
		if first := string(got[0].Value); first != "30" && first != "29" {
			t.Fatalf("the run begins with message %s", first)
		}
		run.Cancel()
		g.GiveUp()
		if err := run.Wait(); err != nil {
			t.Fatal(err)
		}
		subscriber.Close()
	}
}

func kafkaKey(m *message.Message) []byte {
	key, _ := wmkafka.MessageKeyFromCtx(m.Context())
	return key
}

func kafkaTime(m *message.Message) time.Time {
	at, _ := wmkafka.MessageTimestampFromCtx(m.Context())
	return at
}

func subscribe(t *testing.T, brokers []string, topic string) message.Subscriber {
	t.Helper()
	config := wmkafka.DefaultSaramaSubscriberConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest // its default, the newest, passes over what came before the group
	s, err := wmkafka.NewSubscriber(wmkafka.SubscriberConfig{
		Brokers: brokers, Unmarshaler: wmkafka.DefaultMarshaler{}, ConsumerGroup: "group-" + topic, OverwriteSaramaConfig: config,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newTopic(t *testing.T, brokers []string) string {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	name := fmt.Sprintf("watermill-%d", time.Now().UnixNano())
	if _, err := kadm.NewClient(client).CreateTopic(context.Background(), 1, 1, nil, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func produce(t *testing.T, brokers []string, topic string, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		r := &kgo.Record{Topic: topic, Key: fmt.Append(nil, "k", i), Value: fmt.Append(nil, i), Timestamp: time.UnixMilli(1_700_000_000_000 + int64(i))}
		if err := kafkatest.Produce(t.Context(), brokers, r); err != nil {
			t.Fatal(err)
		}
	}
}
