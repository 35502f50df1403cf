package kafka_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/kafkatest"
	"github.com/tandemdata/tandem/sources/sourcetest"
)

// topic is one of a Kafka, as sourcetest wants it.
type topic struct {
	brokers []string
	topic   string
	group   string
	admin   *kadm.Client
}

func (l *topic) Topic() string { return l.topic }

func (l *topic) Append(t testing.TB, partition int32, records ...feature.Record) {
	t.Helper()
	out := make([]*kgo.Record, len(records))
	for i, r := range records {
		out[i] = &kgo.Record{Topic: l.topic, Partition: partition, Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			out[i].Headers = append(out[i].Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		}
	}
	if err := kafkatest.Produce(t.Context(), l.brokers, out...); err != nil {
		t.Fatal(err)
	}
}

func (l *topic) Source(s sourcetest.Settings) pipeline.Source {
	return kafka.Source{
		Brokers: l.brokers, Topic: l.topic, ConsumerGroup: l.group,
		UntilEnd: s.UntilEnd, Epoch: s.Epoch, MaxBatch: s.MaxBatch, CommitEvery: 20 * time.Millisecond,
	}
}

func (l *topic) Trim(t testing.TB, partition int32, before int64) {
	t.Helper()
	offsets := kadm.Offsets{}
	offsets.AddOffset(l.topic, partition, before, -1)
	r, err := l.admin.DeleteRecords(t.Context(), offsets)
	if err == nil {
		err = r.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
}

var made atomic.Int64

// newLog makes a topic of a name that nobody had.
func newLog(t testing.TB, brokers []string, partitions int32, group bool) *topic {
	t.Helper()
	name := fmt.Sprintf("t%d-%d", time.Now().UnixNano(), made.Add(1))
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	l := &topic{brokers: brokers, topic: name, admin: kadm.NewClient(client)}
	if group {
		l.group = "group-" + name
	}
	if _, err := l.admin.CreateTopic(context.Background(), partitions, 1, nil, name); err != nil {
		t.Fatal(err)
	}
	return l
}

// embedded is a Kafka inside the process.
func embedded(t testing.TB) *kafkatest.Cluster {
	t.Helper()
	c, err := kafkatest.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func harness(brokers []string, group bool) sourcetest.Harness {
	return sourcetest.Harness{
		New:     func(t testing.TB, partitions int32) sourcetest.Log { return newLog(t, brokers, partitions, group) },
		Bounded: true, Positions: true, Commits: group,
	}
}

func TestSource(t *testing.T) {
	brokers := embedded(t).Brokers()
	t.Run("in_a_group", func(t *testing.T) { sourcetest.Run(t, harness(brokers, true)) })
	t.Run("alone", func(t *testing.T) { sourcetest.Run(t, harness(brokers, false)) })
}

func TestSourceOnRealKafka(t *testing.T) {
	brokers := servers.Kafka(t)
	t.Run("in_a_group", func(t *testing.T) { sourcetest.Run(t, harness(brokers, true)) })
	t.Run("alone", func(t *testing.T) { sourcetest.Run(t, harness(brokers, false)) })
}
