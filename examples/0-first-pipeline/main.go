// 0-first-pipeline brings a few Avro rows into both stores. To start from it,
// copy this file into an empty folder, then:
//
//	go mod init first && go mod tidy && go run .
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/report"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

const schema = `{"type": "record", "name": "Click", "fields": [
	{"name": "user", "type": "string"}, {"name": "at", "type": "long"}, {"name": "amount", "type": "double"}]}`

func main() {
	// The log: in production a topic of Kafka, and kafka.Source in place of memlog.Source.
	clicks := memlog.NewLog("clicks", 1)
	for _, c := range []map[string]any{
		{"user": "ada", "at": int64(1), "amount": 2.5},
		{"user": "bob", "at": int64(1), "amount": 10.0},
		{"user": "ada", "at": int64(2), "amount": 7.0},
		{"user": "ada", "at": int64(2), "amount": 7.0}, // sent twice
	} {
		body, err := avro.Marshal(avro.MustParse(schema), c)
		if err != nil {
			log.Fatal(err)
		}
		clicks.Append(0, feature.Record{Key: []byte(c["user"].(string)), Value: body})
	}

	// What a row is unique by, and which of two is the newer: here the later one in the log.
	group := feature.Group{Name: "clicks", PrimaryKey: []string{"user"}, EventTime: "at", Order: feature.ByLog}
	online := &sqlite.Sink{File: "online.db"}        // the newest row of each user
	offline := &parquet.Sink{Warehouse: "warehouse"} // every row, once

	g := pipeline.New("first")
	records := pipeline.From(g, "clicks", memlog.Source{Log: clicks, UntilEnd: true})
	rows := pipeline.Via(records, "decode", stages.Decode{Group: group, Schema: schema})
	fresh := pipeline.Via(rows, "dedup", stages.Dedup{})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(fresh, "online", online), pipeline.To(fresh, "offline", offline))

	fmt.Print(g)
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("What became of every row:")
	report.Ledger(os.Stdout, g.Ledger())
	fmt.Println("The newest row of each user is in online.db, table clicks_1. Every row is in the Iceberg table\n" +
		"warehouse/features/clicks_1. Run it again: the table says that it has all of the log, so nothing is read.")
}
