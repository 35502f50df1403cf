package parquet_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

func ExampleSink() {
	dir, err := os.MkdirTemp("", "tandem")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	schema := avro.MustParse(`{"type": "record", "name": "Click", "fields": [
		{"name": "user_id", "type": "string"}, {"name": "at", "type": "long"}, {"name": "amount", "type": "double"}]}`)
	record := func(user string, at int64, amount float64) feature.Record {
		value, err := avro.Marshal(schema, map[string]any{"user_id": user, "at": at, "amount": amount})
		if err != nil {
			log.Fatal(err)
		}
		return feature.Record{Key: []byte(user), Value: value}
	}
	clicks := memlog.Of("clicks", []feature.Record{
		record("ada", 1000, 1), record("ada", 2000, 2), record("ada", 2000, 3), // the last one corrects
	})

	sink := &parquet.Sink{Warehouse: dir}
	decode := stages.Decode{
		Group:  feature.Group{Name: "clicks", PrimaryKey: []string{"user_id"}, EventTime: "at"},
		Schema: schema.String(),
	}
	g := pipeline.New("clicks-sync")
	records := pipeline.From(g, "clicks", memlog.Source{Log: clicks, UntilEnd: true})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(pipeline.Via(records, "decode", decode), "offline", sink))
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}

	rows, err := decode.Describe(nil)
	if err != nil {
		log.Fatal(err)
	}
	for row, err := range sink.Scan(context.Background(), rows) { // or any reader of Iceberg tables
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.Values...)
	}
	// Unordered output:
	// ada 1000 1
	// ada 2000 3
}
