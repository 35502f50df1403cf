// 5-own-stage puts a stage of its own into the graph: one that keeps state by
// key, adds a column, and gives the same answer after a restart.
//
//	go run ./examples/5-own-stage
//
// Where a row alone says what becomes of it, stages.Map and stages.Filter make a
// stage of a function.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

const schema = `{"type": "record", "name": "Click", "fields": [
	{"name": "user", "type": "string"}, {"name": "at", "type": "long"}, {"name": "amount", "type": "double"}]}`

var clicks = feature.Group{Name: "clicks", PrimaryKey: []string{"user"}, EventTime: "at", Order: feature.ByLog}

// graph wires the stage as any other.
func graph(clickLog *memlog.Log, online, offline pipeline.Sink) *pipeline.Graph {
	g := pipeline.New("own-stage")
	records := pipeline.From(g, "clicks", memlog.Source{Log: clickLog, UntilEnd: true})
	rows := pipeline.Via(records, "decode", stages.Decode{Group: clicks, Schema: schema})
	wider := pipeline.Via(rows, "previous", Previous{ReadBack: 1000})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(wider, "online", online), pipeline.To(wider, "offline", offline))
	return g
}

func main() {
	clickLog := memlog.NewLog("clicks", 1)
	online, offline := &memstore.Sink{}, &memstore.Sink{For: feature.Offline}
	click(clickLog, "ada", 1, 2.5)
	click(clickLog, "bob", 1, 10)
	click(clickLog, "ada", 2, 7)
	run(clickLog, online, offline)

	// Another run stands for a restart: the stage reads back what it must know.
	click(clickLog, "ada", 3, 1)
	run(clickLog, online, offline)

	s, err := columns()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("Three clicks, a restart, and one more. The offline store has each with its user's amount before it:")
	fmt.Println("user, at, amount, previous")
	for row, err := range offline.Scan(context.Background(), s) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.Values...)
	}
}

// columns is the schema of the rows as they are stored.
func columns() (*feature.Schema, error) {
	s, err := stages.Decode{Group: clicks, Schema: schema}.Describe(nil)
	if err != nil {
		return nil, err
	}
	return Previous{}.Describe(s)
}

func run(clickLog *memlog.Log, online, offline pipeline.Sink) {
	if err := graph(clickLog, online, offline).Run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func click(to *memlog.Log, user string, at int64, amount float64) {
	body, err := avro.Marshal(avro.MustParse(schema), map[string]any{"user": user, "at": at, "amount": amount})
	if err != nil {
		log.Fatal(err)
	}
	to.Append(0, feature.Record{Key: []byte(user), Value: body})
}
