package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var place = feature.TopicPartition{Topic: "t", Partition: 3, Epoch: 1}

// letters takes dead letters, or fails to.
type letters struct {
	list []string // offset and kind
	err  error
}

func (l *letters) Reject(_ context.Context, rec feature.Record, kind string, cause error) error {
	if l.err != nil {
		return l.err
	}
	if cause == nil || kind == "" {
		panic("a dead letter without a cause")
	}
	l.list = append(l.list, fmt.Sprintf("%d %s", rec.Offset, kind))
	return nil
}

// node rejects to the letters.
func (l *letters) node() *pipeline.Node { return &pipeline.Node{Reject: l.Reject} }

// slots are what the lanes of one node share.
func slots() func(key any, make func() any) any {
	all := map[any]any{}
	return func(key any, make func() any) any {
		if all[key] == nil {
			all[key] = make()
		}
		return all[key]
	}
}

// records is what a lane that starts at start is handed.
func records(start int64, list ...feature.Record) feature.Records {
	span := feature.Span{From: start, To: start}
	if len(list) > 0 {
		span = feature.Span{From: list[0].Offset, To: list[len(list)-1].Offset + 1}
	}
	return feature.Records{TopicPartition: place, Span: span, List: list, ReplayedBefore: start}
}

// decoding is the decoder of one lane.
type decoding = pipeline.Stage[feature.Records, *feature.Rows]

// opened is the decoder of one lane and its dead letters.
func opened(t testing.TB, d Decode) (decoding, *letters) {
	t.Helper()
	s, err := d.Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &letters{}
	n := l.node()
	n.Schema = s
	dec, err := d.Open(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return dec, l
}

// through gives the one batch that a stage makes of another.
func through[In any](t testing.TB, s pipeline.Stage[In, *feature.Rows], in In) *feature.Rows {
	t.Helper()
	var got *feature.Rows
	err := s.Process(context.Background(), in, func(r *feature.Rows) { got = r })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// bodies makes records of values at offsets from 0.
func bodies(values ...[]byte) []feature.Record {
	list := make([]feature.Record, len(values))
	for i, v := range values {
		list[i] = feature.Record{Value: v, Offset: int64(i), Timestamp: 1000}
	}
	return list
}

// eventRow is a row of the small schema that stages after decode are tested with.
type eventRow struct {
	key    string
	at     int64 // event time
	value  int64
	delete bool
	stamp  int64         // record timestamp
	not    feature.Store // with filter: not meant for this one
	filter bool
}

func eventSchema(t testing.TB, g feature.Group) *feature.Schema {
	t.Helper()
	g.Name, g.PrimaryKey = "g", []string{"k"}
	s, err := feature.NewSchema(g, []feature.Field{
		{Name: "k", Kind: feature.String},
		{Name: "ts", Kind: feature.Int64, Logical: feature.TimestampMillis},
		{Name: "v", Kind: feature.Int64},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// batchOf seals rows at offsets from first; those before an offset are replayed.
func batchOf(s *feature.Schema, first, replayed int64, list ...eventRow) *feature.Rows {
	r := feature.NewRows(s, place)
	for i, e := range list {
		rec := feature.Record{Offset: first + int64(i), Timestamp: e.stamp}
		op := feature.Upsert
		values := []any{e.key, e.at, e.value}
		if e.delete {
			op, values[2] = feature.Delete, nil
		}
		for c, v := range values {
			if err := r.Columns[c].Append(v); err != nil {
				panic(err)
			}
		}
		r.Add(rec, op)
		if e.filter {
			r.Drop(i, feature.Filtered, e.not)
		}
	}
	r.Spans = []feature.Span{{From: first, To: first + int64(len(list))}}
	r.Seal()
	r.MarkReplayed(replayed)
	return r
}

// outcomes writes each row's outcomes, online/offline where they differ.
func outcomes(r *feature.Rows) string {
	var out []string
	for i := range r.Len() {
		on, off := r.Outcomes[feature.Online][i].String(), r.Outcomes[feature.Offline][i].String()
		if on != off {
			on += "/" + off
		}
		out = append(out, on)
	}
	return strings.Join(out, " ")
}

func wantOutcomes(t *testing.T, r *feature.Rows, want string) {
	t.Helper()
	if got := outcomes(r); got != want {
		t.Errorf("outcomes:\n got %s\nwant %s", got, want)
	}
}

func wantLetters(t *testing.T, l *letters, want ...string) {
	t.Helper()
	if !slices.Equal(l.list, want) {
		t.Errorf("dead letters: got %q, want %q", l.list, want)
	}
}

// pace is a next node that is busy or not.
type pace struct {
	idle bool
	wake []time.Duration
}

func (p *pace) node() *pipeline.Node { return &pipeline.Node{Idle: p.Idle, WakeAfter: p.WakeAfter} }

func (p *pace) Idle() bool                { return p.idle }
func (p *pace) WakeAfter(d time.Duration) { p.wake = append(p.wake, d) }
