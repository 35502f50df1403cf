package pipeline_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

// printer is a sink of one's own: its store is the terminal.
type printer struct{}

func (printer) Store() feature.Store { return feature.Online }

func (printer) Check(s *feature.Schema) error {
	if s.Index("user") < 0 {
		return fmt.Errorf("no column user in %v", s)
	}
	return nil
}

func (printer) Open(_ context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	return printing{n}, nil
}

type printing struct{ node *pipeline.SinkNode }

func (w printing) Write(_ context.Context, lane *feature.Lane, rows *feature.Rows) error {
	for i := range rows.Len() {
		if rows.Outcomes[feature.Online][i] != feature.Pending {
			continue // a stage has dropped it, or it is replayed
		}
		fmt.Println(rows.Row(i).String("user"), "deleted:", rows.Row(i).Delete())
	}
	w.node.Durable(lane, rows.Tally(feature.Online)) // what is printed is printed
	return nil
}

func (printing) Flush(context.Context) error { return nil }

func (printing) Close() error { return nil }

// stdout is a publisher of dead letters for these examples.
type stdout struct{}

func (stdout) Publish(topic string, list ...*message.Message) error {
	for _, m := range list {
		fmt.Println(topic, m.Metadata.Get(pipeline.HeaderError))
	}
	return nil
}

func (stdout) Close() error { return nil }

// A sink of one's own. Package sinktest proves that it keeps what every sink
// must, if its rows can be read back.
func ExampleSink() {
	visits := memlog.Of("visits", []feature.Record{{Value: []byte("\x06ada")}, {Key: []byte("ada")}, {Value: []byte("?")}})
	g := pipeline.New("own-sink")
	g.DeadLetters(stdout{}, "visits.dead")
	rows := pipeline.Via(pipeline.From(g, "visits", memlog.Source{Log: visits, UntilEnd: true}), "decode", stages.Decode{
		Group:  feature.Group{Name: "visitors", PrimaryKey: []string{"user"}},
		Schema: `{"type": "record", "name": "Visit", "fields": [{"name": "user", "type": "string"}]}`,
	})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(rows, "terminal", printer{}))
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// visits.dead field "user": a length is negative
	// ada deleted: false
	// ada deleted: true
}
