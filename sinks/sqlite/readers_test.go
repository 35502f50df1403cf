package sqlite

import (
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
)

var place = feature.TopicPartition{Topic: "rows"}

// start opens a sink whose reports nobody reads.
func start(t testing.TB, s Sink, schema *feature.Schema) *writer {
	t.Helper()
	n := new(pipelinetest.Lanes).SinkNode("online", schema, nil, func(err error) { t.Error(err) })
	w, err := s.Open(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w.(*writer)
}

func lane() *feature.Lane {
	return &feature.Lane{TopicPartition: place}
}

func put(t testing.TB, w *writer, rows *feature.Rows) {
	t.Helper()
	if err := w.Write(t.Context(), lane(), rows); err != nil {
		t.Fatal(err)
	}
}

// ask is what a person types.
func ask(t testing.TB, s Sink, query string, args ...any) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.File)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out any
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&out); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return fmt.Sprint(out)
}

func (s Sink) want(t testing.TB, answer, query string, args ...any) {
	t.Helper()
	if got := ask(t, s, query, args...); got != answer {
		t.Errorf("%s: got %s, want %s", query, got, answer)
	}
}

func TestPeopleReadTheView(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	item := feature.Field{Kind: feature.Float64, Nullable: true}
	schema, err := feature.NewSchema(feature.Group{Name: "clicks", PrimaryKey: []string{"id"}}, []feature.Field{
		{Name: "id", Kind: feature.String},
		{Name: "order", Kind: feature.Float64},
		{Name: "seen", Kind: feature.Bool},
		{Name: "scores", Kind: feature.List, Children: []feature.Field{item}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := rowgen.NewBuilder(schema, place, 0)
	scores := []any{0.5, nil, math.Inf(-1), math.Copysign(0, -1), 3.0, math.Float64frombits(0x7ff8000000000001)}
	b.Add(feature.Record{Offset: 0}, feature.Upsert, "a", 0.25, true, scores)
	b.Add(feature.Record{Offset: 1}, feature.Upsert, "b", math.Copysign(0, -1), false, []any{})
	b.Add(feature.Record{Offset: 2}, feature.Upsert, "gone", 1.0, false, []any{})
	b.Add(feature.Record{Offset: 3}, feature.Delete, "gone", nil, nil, nil)
	put(t, start(t, s, schema), b.Rows())

	s.want(t, "2", `SELECT count(*) FROM clicks_1`)
	s.want(t, "0.25", `SELECT "order" FROM clicks_1 WHERE id = 'a' AND seen`)
	s.want(t, `[0.5,null,"-Infinity",-0.0,3.0,"NaN:7ff8000000000001"]`, `SELECT scores FROM clicks_1 WHERE id = 'a'`)
	s.want(t, "3.5", `SELECT sum(value) FROM clicks_1, json_each(scores) WHERE clicks_1.id = 'a' AND json_each.type = 'real'`)
	s.want(t, "8000000000000000", `SELECT hex("order") FROM clicks_1 WHERE id = 'b'`)
	s.want(t, "3", `SELECT tandem_offset FROM clicks_1_rows WHERE tandem_deleted`)
	s.want(t, "wal", `PRAGMA journal_mode`)
}

func TestARowPastItsLifeIsHiddenThenGone(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	schema := rowgen.With(rowgen.Timed(feature.ByEventTime), func(g *feature.Group) { g.TTL = time.Hour })
	w := start(t, s, schema)
	now := time.Now().UnixMilli()
	old := now - 2*time.Hour.Milliseconds()

	put(t, w, rowgen.Batch(schema, place,
		rowgen.Row{Offset: 0, Key: "live", Time: now, Value: 1},
		rowgen.Row{Offset: 1, Key: "over", Time: old, Value: 2},
		rowgen.Row{Offset: 2, Key: "live", Time: old, Value: 3}))
	s.want(t, "1", `SELECT count(*) FROM timed_1`)
	s.want(t, "2", `SELECT count(*) FROM timed_1_rows`)
	n := 0
	for row, err := range s.Scan(t.Context(), schema) {
		if err != nil || row.Values[0] != "live" || row.Values[2] != int64(1) {
			t.Errorf("scanned %v (%v)", row, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("scanned %d rows", n)
	}

	put(t, w, rowgen.Batch(schema, place, rowgen.Row{Offset: 3, Key: "next", Time: now, Value: 4}))
	s.want(t, "0", `SELECT count(*) FROM timed_1_rows WHERE id = 'over'`)
}

func TestATableGetsItsTTLsIndexLater(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	forever := rowgen.Timed(feature.ByLog)
	const indexes = `SELECT count(*) FROM sqlite_schema WHERE name = 'timed_1_rows_expires'`
	_ = start(t, s, forever).Close()
	s.want(t, "0", indexes)
	for range 2 {
		_ = start(t, s, rowgen.With(forever, func(g *feature.Group) { g.TTL = time.Minute })).Close()
		s.want(t, "1", indexes)
	}
}

func TestTheViewFollowsTheTTL(t *testing.T) {
	s := Sink{File: filepath.Join(t.TempDir(), "features.db")}
	forever := rowgen.Timed(feature.ByLog)
	_ = start(t, s, forever).Close()
	w := start(t, s, rowgen.With(forever, func(g *feature.Group) { g.TTL = time.Minute }))
	put(t, w, rowgen.Batch(w.node.Schema, place, rowgen.Row{Key: "over", Time: 1, Value: 1}))
	s.want(t, "0", `SELECT count(*) FROM timed_1`)
}
