package pipeline_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/stages"
)

// Filter, OrderGuard and replayed rows.
var timed = feature.Group{Name: "timed", PrimaryKey: []string{"k"}, EventTime: "v", Order: feature.ByEventTime}

type timedDecode struct{}

func (timedDecode) Describe(*feature.Schema) (*feature.Schema, error) {
	return feature.NewSchema(timed, []feature.Field{{Name: "k", Kind: feature.String}, {Name: "v", Kind: feature.Int64}})
}

func (timedDecode) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[feature.Records, *feature.Rows], error) {
	return decoder{n}, nil
}

func TestAFilteredRowIsFilteredWhereItIsWarmToo(t *testing.T) {
	log := []string{"a=1", "a=100", "a=5"} // the second one is filtered: the newest row online is a=5
	after := func(start int) int64 {
		src := sourceFunc(func(ctx context.Context, in *pipeline.SourceNode) error {
			l := openAt(in, 0, int64(start))
			for i, v := range log {
				l.Push([]feature.Record{{Value: []byte(v), Offset: int64(i)}}, feature.Span{From: int64(i), To: int64(i + 1)})
			}
			in.End(l)
			<-l.Done
			return nil
		})
		g := pipeline.New("g")
		g.Logger = quiet
		st := &memstore.Sink{}
		rows := pipeline.Via(pipeline.From(g, "log", src), "decode", timedDecode{})
		kept := pipeline.Via(rows, "small", stages.Filter(func(r feature.Row) bool { return r.Int64("v") < 50 }))
		pipeline.Join(g, "commit", commit{}, pipeline.To(pipeline.Via(kept, "guard", stages.OrderGuard{}), "online", st))
		if err := bounded(t, g, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		s, _ := timedDecode{}.Describe(nil)
		newest := int64(-1)
		for row := range st.Scan(t.Context(), s) {
			newest = row.Values[1].(int64)
		}
		l, unwanted := g.Ledger().Sinks["online"], int64(0)
		for reason, n := range l.Reasons.All() {
			if reason == "unwanted" {
				unwanted = n
			}
		}
		if l.Read != int64(len(log)-start) || unwanted != l.Filtered || start == 0 && l.Filtered != 1 {
			t.Errorf("start %d: %+v", start, l)
		}
		return newest
	}
	if straight, restarted := after(0), after(2); straight != 5 || restarted != 5 {
		t.Errorf("online holds a=%d without a restart and a=%d after one", straight, restarted)
	}
}

// Wiring never panics.
func TestFaultsBehindAFaultAreReportedNotPanicked(t *testing.T) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("wiring panicked: %v", p)
		}
	}()
	g := pipeline.New("g")
	rows := pipeline.Via(pipeline.From(g, "log", &script{}), "decode", stages.Decode{Schema: "nonsense"})
	pipeline.Via(rows, "guard", stages.OrderGuard{FarFuture: time.Hour})
	if err := g.Check(); err == nil || !strings.Contains(err.Error(), `node "decode"`) {
		t.Errorf("a schema of nonsense isn't reported at its node: %v", err)
	}
}
