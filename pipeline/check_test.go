package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/stages"
)

// refusing is a sink that can't keep anything, and says so in two lines.
type refusing struct{ memstore.Sink }

func (*refusing) Check(*feature.Schema) error {
	return errors.Join(errors.New("layout can't keep the order"), errors.New("no keyspace"))
}

func (*refusing) Open(context.Context, *pipeline.SinkNode) (pipeline.Writer, error) {
	panic("opened in spite of its faults")
}

type broken struct{ *script }

func (broken) Check() error { return errors.New("no brokers") }

func (broken) Run(context.Context, *pipeline.SourceNode) error {
	panic("opened in spite of its faults")
}

func TestEveryWiringFaultIsReportedAtOnceAndNothingOpens(t *testing.T) {
	other := pipeline.New("other")
	foreign := pipeline.To(pipeline.Via(pipeline.From(other, "log", &script{}), "decode", decode{}), "elsewhere", &memstore.Sink{})

	g := pipeline.New("faulty")
	records := pipeline.From(g, "log", broken{})
	rows := pipeline.Via(records, "decode", stages.Decode{
		Group:  feature.Group{Name: "g", PrimaryKey: []string{"nowhere"}},
		Schema: `{"type":"record","name":"R","fields":[{"name":"id","type":"string"}]}`,
	})
	good := pipeline.Via(records, "decode", decode{}) // the name again
	pipeline.Via(good, "guard", stages.OrderGuard{Late: stages.Reject})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(good, "online", &refusing{}), foreign)
	pipeline.To(rows, "lonely", &memstore.Sink{})

	err := g.Run(t.Context())
	if err == nil {
		t.Fatal("a graph of faults ran")
	}
	for _, want := range []string{
		`node "log": no brokers`,
		`primary-key column "nowhere" is not in the schema (id)`,
		`node "decode": the name is used twice`,
		`node "guard": rejects rows, but the graph has no dead-letter path`,
		`node "guard": its flow goes nowhere`,
		`node "commit": joins the flow of "elsewhere", which belongs to graph "other"`,
		`node "online": layout can't keep the order`,
		`node "online": no keyspace`,
		`node "lonely": no commit path`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not reported: %s", want)
		}
	}
	if t.Failed() {
		t.Logf("reported:\n%v", err)
	}
}

func TestASinkThatIsJoinedTwiceIsNamedAsThat(t *testing.T) {
	g := pipeline.New("g")
	online := pipeline.To(pipeline.Via(pipeline.From(g, "log", &script{}), "decode", decode{}), "online", &memstore.Sink{})
	pipeline.Join(g, "commit", stages.Commit{}, online, online)
	if err := g.Check(); err == nil || !strings.Contains(err.Error(), `node "online": joined 2 times`) {
		t.Error(err)
	}
}

func TestAGraphDrawsItself(t *testing.T) {
	g := wire(&script{}, newStores())
	if !strings.Contains(g.Mermaid(), `n1["decode"]`) || !strings.Contains(g.Mermaid(), "n0 --> n1") {
		t.Errorf("%s", g.Mermaid())
	}
	if !strings.HasPrefix(g.DOT(), "digraph {") || !strings.Contains(g.DOT(), "n2 -> n4") && !strings.Contains(g.DOT(), "n2 -> n3") {
		t.Errorf("%s", g.DOT())
	}
}
