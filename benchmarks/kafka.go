package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
	wmkafka "github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/kafkatest"
)

// topic is a log in a Kafka, of so many rows.
type topic struct {
	brokers []string
	name    string
	rows    int64
}

// filled starts a Kafka in this process that holds rows, spread over partitions.
func filled(ctx context.Context, partitions, rows int) (topic, func(), error) {
	c, err := kafkatest.Start(map[string]int32{"rows": int32(partitions)})
	if err != nil {
		return topic{}, nil, err
	}
	pool := bodies()
	for at := 0; at < rows; at += 50_000 {
		list := make([]*kgo.Record, min(50_000, rows-at))
		for i := range list {
			r := &pool[(at+i)%len(pool)]
			list[i] = &kgo.Record{Topic: "rows", Partition: partitionOf(r.Key, partitions), Key: r.Key, Value: r.Value}
		}
		if err := c.Produce(ctx, list...); err != nil {
			c.Close()
			return topic{}, nil, err
		}
	}
	return topic{c.Brokers(), "rows", int64(rows)}, c.Close, nil
}

func (t topic) source() kafka.Source {
	return kafka.Source{Brokers: t.brokers, Topic: t.name, UntilEnd: true}
}

// fromKafka is the whole graph, which reads a Kafka.
func fromKafka(name string, t topic, to stores) contestant {
	return contestant{name, func(ctx context.Context, c *clock) (int64, error) {
		return through(ctx, c, t.source(), t.rows, work(), to)
	}}
}

// oldest has sarama read a topic from its first record.
func oldest() *sarama.Config {
	c := wmkafka.DefaultSaramaSubscriberConfig()
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Version = sarama.V2_8_0_0
	return c
}

// topologyNames are what -topology takes.
var topologyNames = []string{"in-process", "in-process-parquet", "straight-line", "watermill", "online-offline"}

// measureTopologies runs one topology, or all, each beside what one would use instead.
func (s *suite) measureTopologies(ctx context.Context, only string) error {
	for _, name := range topologyNames {
		if only != "" && only != name {
			continue
		}
		if err := s.oneTopology(ctx, name); err != nil {
			return err
		}
	}
	if only != "" && !slices.Contains(topologyNames, only) {
		return fmt.Errorf("-topology %s: want one of %v", only, topologyNames)
	}
	return nil
}

func (s *suite) oneTopology(ctx context.Context, name string) error {
	switch name {
	case "in-process":
		_, err := s.beside(ctx, name, counting)
		return err
	case "in-process-parquet":
		f, err := s.beside(ctx, name, inParquet)
		if err == nil {
			s.reached(overChannels, f[0], f[1], f[2])
		}
		return err
	case "straight-line":
		return s.kafkas(ctx, name, 1, func(t topic) ([]contestant, func([]*figure)) {
			return []contestant{fromKafka("graph, no sink cost", t, counting), straightLine(t, false)},
				func(f []*figure) { s.reached(overStraight, f[0], f[1], f[2]) }
		})
	case "watermill":
		return s.kafkas(ctx, name, s.partitions, func(t topic) ([]contestant, func([]*figure)) {
			return []contestant{fromKafka("graph, Parquet", t, inParquet), naiveWatermill(t, t.rows/20), straightLine(t, true)},
				func(f []*figure) { s.reached(overWatermill, f[0], f[1], f[2]) }
		})
	}
	return s.kafkas(ctx, name, s.partitions, func(t topic) ([]contestant, func([]*figure)) {
		return []contestant{fromKafka("graph, SQLite and Parquet", t, inBoth)}, func([]*figure) {}
	})
}

// beside is the graph and the same stages on plain channels.
func (s *suite) beside(ctx context.Context, name string, to stores) ([]*figure, error) {
	l := loadOf(bodies(), s.rows, s.partitions, s.batch)
	return s.turns(ctx, fmt.Sprintf("%s, %d partitions", name, s.partitions), graph("graph", l, work(), to), channels(l, to))
}

// kafkas has contestants read the same topic.
func (s *suite) kafkas(ctx context.Context, name string, partitions int, who func(topic) ([]contestant, func([]*figure))) error {
	s.progress("%s: filling a Kafka", name)
	t, done, err := filled(ctx, partitions, s.rows)
	if err != nil {
		return err
	}
	defer done()
	all, then := who(t)
	f, err := s.turns(ctx, fmt.Sprintf("%s, %d partitions", name, partitions), all...)
	if err == nil {
		then(f)
	}
	return err
}
