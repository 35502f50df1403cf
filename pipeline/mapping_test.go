package pipeline_test

import (
	"context"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/memory"
	"github.com/tandemdata/tandem/stages"
)

// Filter, OrderGuard and warm rows.
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
		st := &memory.Sink{}
		rows := pipeline.Via(pipeline.From(g, "log", src), "decode", timedDecode{})
		kept := pipeline.Via(rows, "small", pipeline.Filter(func(r feature.Row) bool { return r.Int64("v") < 50 }))
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

// Map.
func mapped[In, Out any](t *testing.T, in *feature.Schema, fill func(r *feature.Rows), f func(In) (Out, error)) (*feature.Rows, error) {
	t.Helper()
	spec := pipeline.Map(f)
	out, err := spec.(pipeline.Describer).Describe(in)
	if err != nil {
		return nil, err
	}
	n := pipelinetest.NewNode("map", nil, out, func(feature.Record, string, error) error { return nil })
	st, err := spec.Open(t.Context(), n)
	if err != nil {
		return nil, err
	}
	rows := feature.NewRows(in, feature.TopicPartition{Topic: "log"})
	fill(rows)
	rows.Spans = []feature.Span{{To: int64(rows.Len())}}
	rows.Seal()
	var got *feature.Rows
	err = st.Process(t.Context(), rows, func(r *feature.Rows) { got = r })
	return got, err
}

func TestMapKeepsTheTimeOfADelete(t *testing.T) {
	type in struct {
		K  string     `feature:"k"`
		At *time.Time `feature:"at"`
	}
	type out struct {
		K  string    `feature:"k"`
		At time.Time `feature:"at"`
	}
	s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}, EventTime: "at", Order: feature.ByEventTime}, []feature.Field{
		{Name: "k", Kind: feature.String}, {Name: "at", Kind: feature.Int64, Logical: feature.TimestampMillis, Nullable: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	base := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	rows, err := mapped(t, s, func(r *feature.Rows) {
		for i, op := range []feature.Op{feature.Upsert, feature.Delete} {
			_ = r.Columns[0].Append("a")
			_ = r.Columns[1].Append(base.UnixMilli() + int64(i))
			r.Add(feature.Record{Offset: int64(i), Timestamp: base.UnixMilli()}, op)
		}
	}, func(c in) (out, error) { return out{c.K, *c.At}, nil })
	if err != nil {
		t.Fatal(err)
	}
	if feature.ByEventTime.Compare(rows.Version(1), rows.Version(0)) <= 0 {
		t.Errorf("the delete of a later time is older than the row that it deletes: %+v, %+v", rows.Version(1), rows.Version(0))
	}
}

func TestMapNeverGivesARowWithoutItsKey(t *testing.T) {
	type in struct {
		K string `feature:"k"`
	}
	type number struct {
		K int64 `feature:"k"`
	}
	type maybe struct {
		K *string `feature:"k"`
	}
	s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}}, []feature.Field{{Name: "k", Kind: feature.String}})
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, rows *feature.Rows, err error) {
		if err != nil {
			return // a wiring fault is as good
		}
		for i := range rows.Len() {
			if rows.Pending(i) && rows.Columns[0].Null(i) {
				t.Errorf("%s: row %d (op %d) is live without its key", what, i, rows.Ops[i])
			}
		}
	}
	fill := func(op feature.Op) func(r *feature.Rows) {
		return func(r *feature.Rows) { _ = r.Columns[0].Append("7"); r.Add(feature.Record{}, op) }
	}
	rows, err := mapped(t, s, fill(feature.Delete), func(in) (number, error) { return number{7}, nil })
	check("key of another kind", rows, err)
	rows, err = mapped(t, s, fill(feature.Upsert), func(in) (maybe, error) { return maybe{}, nil })
	check("null key", rows, err)
}

func TestAnEmbeddedPointerIsRefused(t *testing.T) {
	type Click struct {
		K string `feature:"k"`
	}
	type in struct{ *Click }
	s, _ := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}}, []feature.Field{{Name: "k", Kind: feature.String}})
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("panicked with the first row: %v", p)
		}
	}()
	_, _ = mapped(t, s, func(r *feature.Rows) { _ = r.Columns[0].Append("7"); r.Add(feature.Record{}, feature.Upsert) },
		func(c in) (in, error) { return c, nil })
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
	_ = g.Check()
}
