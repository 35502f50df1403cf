package stages

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// mapTo is what a Map makes of one batch.
func mapTo[In, Out any](t *testing.T, in *feature.Schema, fill func(r *feature.Rows), f func(In) (Out, error)) (*feature.Rows, error) {
	t.Helper()
	spec := Map(f)
	out, err := spec.(pipeline.Describer).Describe(in)
	if err != nil {
		return nil, err
	}
	n := (&letters{}).node()
	n.Schema = out
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
	rows, err := mapTo(t, s, func(r *feature.Rows) {
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
	rows, err := mapTo(t, s, fill(feature.Delete), func(in) (number, error) { return number{7}, nil })
	check("key of another kind", rows, err)
	rows, err = mapTo(t, s, fill(feature.Upsert), func(in) (maybe, error) { return maybe{}, nil })
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
	_, err := mapTo(t, s, func(r *feature.Rows) { _ = r.Columns[0].Append("7"); r.Add(feature.Record{}, feature.Upsert) },
		func(c in) (in, error) { return c, nil })
	if err == nil {
		t.Error("it was accepted")
	}
}

func TestMapTriesAgainAfterAnErrorThatMayPass(t *testing.T) {
	type in struct {
		K string `feature:"k"`
	}
	s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}}, []feature.Field{{Name: "k", Kind: feature.String}})
	if err != nil {
		t.Fatal(err)
	}
	away := true
	spec := Map(func(r in) (in, error) {
		switch {
		case r.K == "0":
			return r, errors.New("no such user")
		case r.K == "2" && away:
			return r, pipeline.Transient(errors.New("the service is away"))
		}
		return r, nil
	})
	dead := &letters{}
	n := dead.node()
	n.Schema = s
	st, err := spec.Open(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	rows := feature.NewRows(s, place)
	for i, k := range []string{"0", "1", "2"} {
		_ = rows.Columns[0].Append(k)
		rows.Add(feature.Record{Offset: int64(i)}, feature.Upsert)
	}
	rows.Spans = []feature.Span{{To: 3}}
	rows.Seal()
	err = st.Process(t.Context(), rows, func(*feature.Rows) { t.Error("emitted a batch of which a row waits") })
	if !pipeline.IsTransient(err) || !strings.HasPrefix(err.Error(), "t/3@2: ") || len(dead.list) > 0 {
		t.Fatalf("%v, dead letters %v", err, dead.list)
	}
	away = false
	if got := through(t, st, rows); !got.Pending(2) || got.Pending(0) || !slices.Equal(dead.list, []string{"0 map"}) {
		t.Errorf("outcomes %v, dead letters %v", got.Outcomes, dead.list)
	}
}
