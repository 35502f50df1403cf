package main

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	wmkafka "github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/sources/kafkatest"
)

const (
	topic           = "entities"
	deadLetterTopic = "entities.dead"
	partitions      = 4
)

// embedded is the Kafka of a quickstart, with the log in it.
type embedded struct {
	cluster *kafkatest.Cluster
	rejects *wmkafka.Publisher
}

func (e *embedded) brokers() []string { return e.cluster.Brokers() }

func (e *embedded) close() {
	_ = e.rejects.Close()
	e.cluster.Close()
}

// produce starts a Kafka and fills its topic.
func produce(ctx context.Context, rows int) (*embedded, error) {
	cluster, err := kafkatest.Start(map[string]int32{topic: partitions, deadLetterTopic: 1})
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, cluster, rows); err != nil {
		cluster.Close()
		return nil, fmt.Errorf("produce: %w", err)
	}
	rejects, err := deadLetters(cluster)
	if err != nil {
		cluster.Close()
		return nil, err
	}
	return &embedded{cluster, rejects}, nil
}

func fill(ctx context.Context, cluster *kafkatest.Cluster, rows int) error {
	m := newMaker(max(rows/10, 1))
	const chunk = 10_000
	for made := 0; made < rows; made += chunk {
		var list []*kgo.Record
		for range min(chunk, rows-made) {
			rec, err := m.next()
			if err != nil {
				return err
			}
			list = append(list, rec)
		}
		if err := cluster.Produce(ctx, list...); err != nil {
			return err
		}
	}
	return nil
}

// deadLetters is watermill-kafka's publisher.
func deadLetters(cluster *kafkatest.Cluster) (*wmkafka.Publisher, error) {
	c := wmkafka.DefaultSaramaSyncPublisherConfig()
	c.Version = sarama.V2_8_0_0
	c.Producer.RequiredAcks = sarama.WaitForAll
	return wmkafka.NewPublisher(wmkafka.PublisherConfig{
		Brokers: cluster.Brokers(), Marshaler: wmkafka.DefaultMarshaler{}, OverwriteSaramaConfig: c,
	}, watermill.NopLogger{})
}

// deadLetters counts what is in their topic.
func (e *embedded) deadLetters() int64 {
	client, err := kgo.NewClient(kgo.SeedBrokers(e.brokers()...))
	if err != nil {
		return 0
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(context.Background(), deadLetterTopic)
	if err != nil {
		return 0
	}
	n := int64(0)
	ends.Each(func(o kadm.ListedOffset) { n += o.Offset })
	return n
}
