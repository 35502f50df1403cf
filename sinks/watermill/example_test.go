package watermill_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/watermill"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

// printer is any message.Publisher: of Kafka, NATS, AMQP, SQL, ….
type printer struct{}

func (printer) Publish(topic string, list ...*message.Message) error {
	for _, m := range list {
		fmt.Println(topic, m.Metadata.Get(watermill.MetadataOperation), m.Metadata.Get(watermill.MetadataKey), string(m.Payload))
	}
	return nil
}

func (printer) Close() error { return nil }

// Rows go to other services as changes, by any of Watermill's publishers.
func Example() {
	clicks := memlog.Of("clicks", []feature.Record{{Value: []byte("\x06ada\x02")}, {Value: []byte("\x06bob\x04")}, {Key: []byte("ada")}})

	g := pipeline.New("changes")
	g.DeadLetters(printer{}, "clicks.dead")
	rows := pipeline.Via(pipeline.From(g, "clicks", memlog.Source{Log: clicks, UntilEnd: true}), "decode", stages.Decode{
		Group:  feature.Group{Name: "clicks", PrimaryKey: []string{"user"}},
		Schema: `{"type": "record", "name": "Click", "fields": [{"name": "user", "type": "string"}, {"name": "count", "type": "long"}]}`,
	})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(rows, "changes", watermill.Sink{Publisher: printer{}, Topic: "clicks.changes"}))
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// clicks.changes upsert ["ada"] {"count":1,"user":"ada"}
	// clicks.changes upsert ["bob"] {"count":2,"user":"bob"}
	// clicks.changes delete ["ada"] {"user":"ada"}
}
