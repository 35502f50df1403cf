// Package kafkatest is a Kafka inside the process, for tests, examples and the
// quickstart: kfake on loopback, with nothing to install and nothing to keep.
package kafkatest

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Cluster is a running one. What kfake can do to it (faults, retention,
// compaction, moving leaders) is there too.
type Cluster struct {
	*kfake.Cluster
}

// Start starts a broker with the given topics, by name and number of partitions.
// It is on a free port of 127.0.0.1, makes no topics by itself, and holds
// everything in memory until Close.
func Start(topics map[string]int32, opts ...kfake.Opt) (*Cluster, error) {
	all := []kfake.Opt{kfake.NumBrokers(1)}
	for name, partitions := range topics {
		all = append(all, kfake.SeedTopics(partitions, name))
	}
	c, err := kfake.NewCluster(append(all, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("start an embedded kafka: %w", err)
	}
	return &Cluster{c}, nil
}

// Brokers is what a client is given to find it.
func (c *Cluster) Brokers() []string { return c.ListenAddrs() }

// Produce writes records, each to its own Partition, and returns once the broker has them.
func (c *Cluster) Produce(ctx context.Context, records ...*kgo.Record) error {
	return Produce(ctx, c.Brokers(), records...)
}

// Produce writes records to any Kafka, each to its own Partition.
func Produce(ctx context.Context, brokers []string, records ...*kgo.Record) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	return client.ProduceSync(ctx, records...).FirstErr()
}
