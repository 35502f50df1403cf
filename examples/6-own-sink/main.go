// 6-own-sink writes an online store of its own: the newest row of each key, in
// one file. sinktest.Run proves in its test that it keeps what a sink promises.
//
//	go run ./examples/6-own-sink
package main

import (
	"context"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/report"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

const schema = `{"type": "record", "name": "Click", "fields": [
	{"name": "user", "type": "string"}, {"name": "amount", "type": "double"}]}`

var clicks = feature.Group{Name: "clicks", PrimaryKey: []string{"user"}, Order: feature.ByLog}

// graph wires the sink as any other.
func graph(source pipeline.Source, sink pipeline.Sink) *pipeline.Graph {
	g := pipeline.New("own-sink")
	rows := pipeline.Via(pipeline.From(g, "clicks", source), "decode", stages.Decode{Group: clicks, Schema: schema})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(rows, "file", sink))
	return g
}

func main() {
	g := graph(memlog.Source{Log: sample(), UntilEnd: true}, &Sink{Dir: "."})
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("Three clicks of two users went to the sink. What became of them:")
	report.Ledger(os.Stdout, g.Ledger())
	table, err := Load("clicks_1.gob")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("The newest click of each user is in clicks_1.gob:")
	for _, key := range slices.Sorted(maps.Keys(table.Rows)) {
		fmt.Println(" ", table.Rows[key].Values)
	}
}

// sample is a log of three clicks, two of them by ada.
func sample() *memlog.Log {
	l := memlog.NewLog("clicks", 1)
	for _, c := range []map[string]any{{"user": "ada", "amount": 2.5}, {"user": "bob", "amount": 10.0}, {"user": "ada", "amount": 7.0}} {
		body, err := avro.Marshal(avro.MustParse(schema), c)
		if err != nil {
			log.Fatal(err)
		}
		l.Append(0, feature.Record{Value: body})
	}
	return l
}
