package pipelinetest_test

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/memstore"
)

// sent are the rows of a batch as a Log wants them.
func sent(rows *feature.Rows) []pipelinetest.Row {
	out := make([]pipelinetest.Row, rows.Len())
	for i := range out {
		values := make([]any, len(rows.Columns))
		for c := range values {
			values[c] = rows.Columns[c].Value(i)
		}
		rec := rows.Records[i]
		out[i] = pipelinetest.Row{TopicPartition: rows.TopicPartition, Offset: rec.Offset, Timestamp: rec.Timestamp, Op: rows.Ops[i], Values: values}
	}
	return out
}

// list is a store that a test can spoil.
type list []feature.Stored

func (l *list) Scan(context.Context, *feature.Schema) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		for _, row := range *l {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// find is the place of the first row that is as wanted.
func (l *list) find(t *testing.T, is func(feature.Stored) bool) int {
	t.Helper()
	i := slices.IndexFunc(*l, is)
	if i < 0 {
		t.Fatal("the story has no such row")
	}
	return i
}

func (l *list) change(i int, change func(*feature.Stored)) {
	row := (*l)[i]
	row.Values = slices.Clone(row.Values)
	change(&row)
	*l = slices.Clone(*l)
	(*l)[i] = row
}

func (l *list) remove(i int) { *l = slices.Delete(slices.Clone(*l), i, i+1) }

// story is a log, and all that a sound graph makes of it.
type story struct {
	pipelinetest.Oracle
	schema          *feature.Schema
	log             *pipelinetest.Log
	online, offline *list
	rows            []pipelinetest.Row
	progress        feature.Progress
	committed       int64
}

func (y *story) Progress(context.Context, string, int32) (feature.Progress, bool, error) {
	return y.progress, true, nil
}

const n = 300

// tell has the memory sinks make stores of a random log.
func tell(t *testing.T, s *feature.Schema) *story {
	t.Helper()
	g := rowgen.Gen{Schema: s, Seed: 5, Keys: 30, Times: 9, Deletes: 20, Extremes: s.Group.Name == "every_type"}
	rows := g.Batch(feature.TopicPartition{Topic: "rows"}, 0, n)
	y := &story{schema: s, log: pipelinetest.NewLog(s), rows: sent(rows), online: &list{}, offline: &list{}, committed: n}
	y.log.Add(y.rows...)
	var lanes pipelinetest.Lanes
	lane := lanes.Open(feature.Lane{TopicPartition: rows.TopicPartition}, "online", "offline")
	for store, out := range map[feature.Store]*list{feature.Online: y.online, feature.Offline: y.offline} {
		sink := &memstore.Sink{For: store}
		node := lanes.SinkNode(store.String(), s, nil, nil)
		w, err := sink.Open(t.Context(), node)
		if err == nil {
			err = w.Write(t.Context(), lane, rows.Fork())
		}
		if err != nil {
			t.Fatal(err)
		}
		for row := range sink.Scan(t.Context(), s) {
			*out = append(*out, row)
		}
	}
	y.progress = lanes.Progress(lane, "offline", nil)
	y.Oracle = pipelinetest.Oracle{
		Log: y.log, Online: y.online, Offline: y.offline, Keeper: y,
		Committed: func(context.Context, int32) (int64, bool, error) { return y.committed, true, nil },
	}
	return y
}

// loser is a row that was sent and is not offline: a greater one of its identity is.
func (y *story) loser(t *testing.T) (row pipelinetest.Row, winner int) {
	t.Helper()
	for _, r := range y.rows {
		i := slices.IndexFunc(*y.offline, func(o feature.Stored) bool {
			return o.Version.Offset > r.Offset && r.Op == feature.Upsert && !o.Version.Delete &&
				o.Values[0] == r.Values[0] && (y.schema.Time() < 0 || o.Values[1] == r.Values[1])
		})
		if i >= 0 {
			return r, i
		}
	}
	t.Fatal("the story has no such row")
	return
}

func upsert(r feature.Stored) bool { return !r.Version.Delete }
