package kafka_test

import (
	"context"
	"fmt"
	"log"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/kafkatest"
	"github.com/tandemdata/tandem/stages"
)

const clickSchema = `{"type": "record", "name": "Click", "fields": [
	{"name": "user", "type": "string"}, {"name": "amount", "type": "double"}]}`

func Example() {
	ctx := context.Background()
	cluster, err := kafkatest.Start(map[string]int32{"clicks": 2})
	if err != nil {
		log.Fatal(err)
	}
	defer cluster.Close()
	schema := avro.MustParse(clickSchema)
	for i := range 6 {
		value, _ := avro.Marshal(schema, map[string]any{"user": fmt.Sprint("user", i%3), "amount": float64(i)})
		if err := cluster.Produce(ctx, &kgo.Record{Topic: "clicks", Partition: int32(i % 3 % 2), Value: value}); err != nil {
			log.Fatal(err)
		}
	}

	g := pipeline.New("clicks-sync")
	records := pipeline.From(g, "kafka", kafka.Source{
		Brokers: cluster.Brokers(), Topic: "clicks", ConsumerGroup: "clicks-sync",
		UntilEnd: true, // to come back: without it, Run goes on until ctx ends
	})
	rows := pipeline.Via(records, "decode", stages.Decode{
		Group: feature.Group{Name: "clicks", PrimaryKey: []string{"user"}}, Schema: clickSchema,
	})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(rows, "online", &memstore.Sink{}))

	for range 2 { // the second run begins where the group knows that the first one ended
		if err := g.Run(ctx); err != nil {
			log.Fatal(err)
		}
		fmt.Println(g.Ledger().Sinks["online"].Read, "rows read")
	}
	// Output:
	// 6 rows read
	// 0 rows read
}
