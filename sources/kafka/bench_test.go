package kafka_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/kafkatest"
)

const benchRecords = 400_000

// BenchmarkRead reads all of a topic of 200-byte records, from a Kafka in
// the same process, into lanes that are durable at once: what the source costs
// beside franz-go alone. A narrow lane is full after 2 MiB until a goroutine
// has taken that, as a graph's are; skewed has all records in one of four
// partitions, and the others idle.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name       string
		partitions int32
		into       int32 // how many of them hold records
		narrow     bool
	}{
		{"partitions=1", 1, 1, false},
		{"partitions=4", 4, 4, false},
		{"partitions=1/narrow", 1, 1, true},
		{"partitions=4/narrow", 4, 4, true},
		{"partitions=4/skewed/narrow", 4, 1, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			brokers := filled(b, c.partitions, c.into)
			if !c.narrow {
				b.Run("franz-go", func(b *testing.B) {
					for b.Loop() {
						straight(b, brokers)
					}
					perSecond(b)
				})
			}
			b.Run("source", func(b *testing.B) {
				for b.Loop() {
					if n := read(b, brokers, c.narrow); n != benchRecords {
						b.Fatalf("%d records came of %d", n, benchRecords)
					}
				}
				perSecond(b)
			})
		})
	}
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchRecords/b.Elapsed().Seconds(), "records/s")
}

func filled(b *testing.B, partitions, into int32) []string {
	b.Helper()
	c, err := kafkatest.Start(map[string]int32{"t": partitions})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	random := rand.NewChaCha8([32]byte{})
	for at := 0; at < benchRecords; at += 50_000 {
		records := make([]*kgo.Record, 50_000)
		for i := range records {
			value := make([]byte, 190)
			random.Read(value) // so that bytes of a fetch are bytes of a lane
			records[i] = &kgo.Record{Topic: "t", Partition: int32(i) % into, Key: fmt.Append(nil, at+i), Value: value}
		}
		if err := c.Produce(context.Background(), records...); err != nil {
			b.Fatal(err)
		}
	}
	return c.Brokers()
}

func straight(b *testing.B, brokers []string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("t"), kgo.FetchMaxBytes(16<<20), kgo.FetchMaxPartitionBytes(2<<20))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	for n := 0; n < benchRecords; {
		fetches := client.PollFetches(b.Context())
		if err := fetches.Err(); err != nil {
			b.Fatal(err)
		}
		n += fetches.NumRecords()
	}
}

func read(b *testing.B, brokers []string, narrow bool) int64 {
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	var n atomic.Int64
	open := func(c pipeline.LaneConfig) (*pipeline.Feed, error) {
		held := 0
		var full atomic.Bool
		push := func(list []feature.Record, span feature.Span) bool {
			if n.Add(int64(len(list))) == benchRecords {
				stop()
			}
			c.Commit(span.To)
			for i := range list {
				held += list[i].Size()
			}
			if !narrow || held < 2<<20 {
				return false
			}
			held = 0
			full.Store(true)
			go func() {
				full.Store(false)
				c.Ready()
			}()
			return true
		}
		done := make(chan struct{})
		close(done)
		return &pipeline.Feed{Lane: &c.Lane, Push: push, Full: full.Load, Done: done}, nil
	}
	in := &pipeline.SourceNode{
		Name: "kafka", Logger: slog.New(slog.DiscardHandler), Open: open, End: func(...*pipeline.Feed) {},
		Progress: func(context.Context, string, int32) (feature.Progress, bool, error) {
			return feature.Progress{}, false, nil
		},
	}
	if err := (kafka.Source{Brokers: brokers, Topic: "t"}).Run(ctx, in); err != nil {
		b.Fatal(err)
	}
	return n.Load()
}
