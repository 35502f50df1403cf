package pipeline_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/stages"
)

// lines is a source of one's own: a list of values, as one partition.
type lines struct {
	Topic string
	Lines []string
}

func (s lines) Check() error {
	if s.Topic == "" {
		return fmt.Errorf("no Topic")
	}
	return nil
}

func (s lines) Run(ctx context.Context, n *pipeline.SourceNode) error {
	held, _, err := n.Progress(ctx, s.Topic, 0) // where the stores are
	if err != nil {
		return err
	}
	room := make(chan struct{}, 1)
	feed, err := n.Open(pipeline.LaneConfig{
		Lane: feature.Lane{
			TopicPartition: feature.TopicPartition{Topic: s.Topic, Epoch: held.Epoch},
			Start:          held.Counted, Resumed: held,
		},
		Ready: func() {
			select {
			case room <- struct{}{}:
			default:
			}
		},
	})
	if err != nil {
		return err
	}
	next := max(0, held.Counted-int64(n.Replay)) // stages load their state from before the start
	for ; next < int64(len(s.Lines)) && ctx.Err() == nil; next++ {
		record := feature.Record{Offset: next, Value: []byte(s.Lines[next])}
		feed.Push([]feature.Record{record}, feature.Span{From: next, To: next + 1})
		for feed.Full() { // another lane, if there were one, would be read meanwhile
			select {
			case <-room:
			case <-feed.Done:
				return nil
			}
		}
	}
	n.End(feed)
	<-feed.Done
	return nil
}

// A source of one's own. Package sourcetest proves that it keeps what every
// source must.
func ExampleSource() {
	g := pipeline.New("own-source")
	records := pipeline.From(g, "lines", lines{Topic: "visits", Lines: []string{"\x06ada", "\x06bob", "\x06ada"}})
	rows := pipeline.Via(records, "decode", stages.Decode{
		Group:  feature.Group{Name: "visitors", PrimaryKey: []string{"user"}},
		Schema: `{"type": "record", "name": "Visit", "fields": [{"name": "user", "type": "string"}]}`,
	})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(rows, "online", &memstore.Sink{}))
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(g.Ledger())
	// Output: online: read 3 = 3 written, 1 replaced
}
