// backlog fills a topic with feature rows of 20 columns, for a topology to be
// measured on:
//
//	go run ./benchmarks/backlog -brokers localhost:9092 -topic rows -rows 5000000 -schema rows.avsc
//	/usr/bin/time -v go run ./examples/2-online-and-offline -topic rows -schema rows.avsc -until-end …
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/avrorow"
)

func main() {
	brokers := flag.String("brokers", "localhost:9092", "Kafka's addresses, host:port,…")
	topic := flag.String("topic", "rows", "the topic; made if it is missing")
	partitions := flag.Int("partitions", 4, "partitions of a topic that is made")
	rows := flag.Int("rows", 1_000_000, "how many records to produce")
	keys := flag.Int("keys", 100_000, "how many entities they are about")
	schema := flag.String("schema", "", "file to write the rows' Avro schema to")
	flag.Parse()
	if err := run(context.Background(), strings.Split(*brokers, ","), *topic, int32(*partitions), *rows, *keys, *schema); err != nil {
		fmt.Fprintln(os.Stderr, "backlog:", err)
		os.Exit(1)
	}
}

// forEver keeps the rows, whose timestamps are of long ago.
var forEver = map[string]*string{"retention.ms": kadm.StringPtr("-1")}

func run(ctx context.Context, brokers []string, topic string, partitions int32, rows, keys int, schema string) error {
	if schema != "" {
		if err := os.WriteFile(schema, []byte(avrorow.Schema), 0o644); err != nil {
			return err
		}
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(ctx, partitions, 1, forEver, topic); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return err
	}
	return produce(ctx, client, topic, partitions, rows, keys)
}

func produce(ctx context.Context, client *kgo.Client, topic string, partitions int32, rows, keys int) error {
	log := avrorow.Log{Seed: uint64(time.Now().UnixNano()), Keys: keys, Late: 0.01, Duplicate: 0.01}.Open()
	failed := make(chan error, 1)
	for range rows {
		r := log.Next()
		h := fnv.New32a()
		_, _ = h.Write(r.Key)
		client.Produce(ctx, &kgo.Record{
			Topic: topic, Partition: int32(h.Sum32() % uint32(partitions)),
			Key: r.Key, Value: r.Value, Timestamp: time.UnixMilli(r.Timestamp),
		}, func(_ *kgo.Record, err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
