package pipeline_test

import (
	"context"
	"fmt"
	"log"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

// capped is a stage of one's own, on rows: it caps a column, and leaves out rows
// of an unknown user.
type capped struct {
	Most int64 // default 100
}

// Describe checks the settings, and what they need of the rows.
func (s capped) Describe(in *feature.Schema) (*feature.Schema, error) {
	if in.Index("count") < 0 {
		return nil, fmt.Errorf("no column count in %v", in)
	}
	return in, nil
}

// Open makes the stage of one lane.
func (s capped) Open(context.Context, *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	if s.Most == 0 {
		s.Most = 100
	}
	return s, nil
}

func (s capped) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	rows = rows.Edit("count") // a column of its own: branches share the others
	counts := rows.Column("count").Int64s
	for i := range rows.Len() {
		counts[i] = min(counts[i], s.Most)
		if rows.Row(i).String("user") == "nobody" {
			rows.Drop(i, feature.Unwanted) // counted as filtered
		}
	}
	emit(rows)
	return nil
}

// A stage of one's own. Package stagetest proves that it keeps what every stage
// must.
func ExampleSpec() {
	clicks := memlog.Of("clicks", []feature.Record{{Value: []byte("\x06ada\xa0\x1f")}, {Value: []byte("\x0cnobody\x02")}})
	g := pipeline.New("own-stage")
	rows := pipeline.Via(pipeline.From(g, "clicks", memlog.Source{Log: clicks, UntilEnd: true}), "decode", stages.Decode{
		Group:  feature.Group{Name: "clicks", PrimaryKey: []string{"user"}},
		Schema: `{"type": "record", "name": "Click", "fields": [{"name": "user", "type": "string"}, {"name": "count", "type": "long"}]}`,
	})
	few := pipeline.Via(rows, "capped", capped{Most: 10})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(few, "online", counts{}))
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(g.Ledger())
	// Output:
	// ada 10
	// online: read 2 = 1 written + 1 filtered, 1 filtered for: unwanted
}

// counts is printer for clicks.
type counts struct{ printer }

func (counts) Open(_ context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	return counting{printing{n}}, nil
}

type counting struct{ printing }

func (w counting) Write(_ context.Context, lane *feature.Lane, rows *feature.Rows) error {
	for i := range rows.Len() {
		if rows.Outcomes[feature.Online][i] == feature.Pending {
			fmt.Println(rows.Row(i).String("user"), rows.Row(i).Int64("count"))
		}
	}
	w.node.Durable(lane, rows.Tally(feature.Online))
	return nil
}

// A middleware of one's own, as Watermill has them: it wraps every node, and finds
// the batch of a message by BatchOf.
func ExampleGraph_Use() {
	var rows atomic.Int64
	count := func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) ([]*message.Message, error) {
			if batch, ok := pipeline.BatchOf(m).(*feature.Rows); ok && message.HandlerNameFromCtx(m.Context()) == "online" {
				rows.Add(int64(batch.Len()))
			}
			return next(m)
		}
	}

	visits := memlog.Of("visits", []feature.Record{{Value: []byte("\x06ada")}, {Value: []byte("\x06bob")}})
	g := pipeline.New("own-middleware")
	g.Use(count)
	decoded := pipeline.Via(pipeline.From(g, "visits", memlog.Source{Log: visits, UntilEnd: true}), "decode", stages.Decode{
		Group:  feature.Group{Name: "visitors", PrimaryKey: []string{"user"}},
		Schema: `{"type": "record", "name": "Visit", "fields": [{"name": "user", "type": "string"}]}`,
	})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(decoded, "online", printer{}))
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(rows.Load(), "rows came to the sink")
	// Output:
	// ada deleted: false
	// bob deleted: false
	// 2 rows came to the sink
}
