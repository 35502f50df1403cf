package pipeline_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

// README

const clickSchema = `{"type": "record", "name": "Click", "fields": [
	{"name": "user_id", "type": "string"},
	{"name": "ts", "type": {"type": "long", "logicalType": "timestamp-millis"}},
	{"name": "amount", "type": "double"},
	{"name": "country", "type": ["null", "string"]}]}`

// The one place where identity and order are declared. Every producer hashes user_id
// alike, so a user's rows stay in one partition, and duplicates can be dropped.
var clicks = feature.Group{
	Name: "clicks", PrimaryKey: []string{"user_id"}, EventTime: "ts", Order: feature.ByEventTime, Keys: feature.KeysStay,
}

// Click is a row as a struct, and Enriched what becomes of it.
type Click struct {
	User    string    `feature:"user_id"`
	At      time.Time `feature:"ts"`
	Amount  float64   `feature:"amount"`
	Country *string   `feature:"country"`
}

type Enriched struct {
	Click
	Large bool `feature:"large"`
}

func enrich(c Click) (Enriched, error) { return Enriched{c, c.Amount > 100}, nil }

func positive(r feature.Row) bool { return r.Float64("amount") > 0 }

// clicksGraph wires the graph. In production source is kafka.Source{Brokers: …, Topic: …},
// online &cassandra.Sink{Hosts: …}, offline &parquet.Sink{Warehouse: …}.
func clicksGraph(source pipeline.Source, online, offline pipeline.Sink, rejects message.Publisher) *pipeline.Graph {
	g := pipeline.New("clicks-sync")
	g.DeadLetters(rejects, "clicks.dead")
	g.Use(middleware.Retry{MaxRetries: 3, InitialInterval: 50 * time.Millisecond}.Middleware)

	records := pipeline.From(g, "clicks", source)
	rows := pipeline.Via(records, "decode", stages.Decode{Group: clicks, Schema: clickSchema})
	bought := pipeline.Via(rows, "positive", stages.Filter(positive))
	enriched := pipeline.Via(bought, "enrich", stages.Map(enrich))
	fresh := pipeline.Via(enriched, "dedup", stages.Dedup{})
	ordered := pipeline.Via(fresh, "order-guard", stages.OrderGuard{})

	pipeline.Join(g, "commit", stages.Commit{},
		pipeline.To(ordered, "online", online),
		pipeline.To(pipeline.Via(ordered, "batch", stages.Batch{MaxRows: 100_000}), "offline", offline))
	return g
}

// README ends

func ExampleGraph() {
	start := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	source := memlog.Source{UntilEnd: true, Log: clickLog(
		Click{User: "ada", At: start, Amount: 250},
		Click{User: "ada", At: start, Amount: 250}, // sent twice
		Click{User: "bob", At: start, Amount: -1},
		Click{User: "ada", At: start.Add(-time.Hour), Amount: 20}, // comes late
	)}
	online, offline := &memstore.Sink{}, &memstore.Sink{For: feature.Offline}
	rejects := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})

	g := clicksGraph(source, online, offline, rejects)
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}

	fmt.Print(g)
	for _, sink := range []string{"online", "offline"} {
		t := g.Ledger().Sinks[sink]
		fmt.Printf("%s: read %d = written %d, duplicate %d, late %d, filtered %d\n", sink, t.Read, t.Written, t.Duplicate, t.Late, t.Filtered)
	}
	// Output:
	// clicks-sync
	//   clicks ─► decode ─► positive ─► enrich ─► dedup ─► order-guard
	//      ├─► online ─► [commit]
	//      └─► batch ─► offline ─► [commit]
	// online: read 4 = written 1, duplicate 1, late 1, filtered 1
	// offline: read 4 = written 2, duplicate 1, late 0, filtered 1
}

func clickLog(list ...Click) *memlog.Log {
	schema := avro.MustParse(clickSchema)
	l := memlog.NewLog("clicks", 1)
	for _, c := range list {
		body, err := avro.Marshal(schema, map[string]any{"user_id": c.User, "ts": c.At, "amount": c.Amount, "country": nil})
		if err != nil {
			log.Fatal(err)
		}
		l.Append(0, feature.Record{Key: []byte(c.User), Value: body, Timestamp: c.At.UnixMilli()})
	}
	return l
}
