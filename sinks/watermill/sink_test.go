package watermill_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/watermill"
)

// publisher keeps what was published, and fails when it is told to.
type publisher struct {
	mu   sync.Mutex
	got  []*message.Message
	fail error
}

func (p *publisher) Publish(topic string, list ...*message.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if topic != "changes" {
		return fmt.Errorf("topic %q", topic)
	}
	if p.fail != nil {
		p.got = append(p.got, list[:len(list)/2]...) // half of them got through
		return p.fail
	}
	p.got = append(p.got, list...)
	return nil
}

func (*publisher) Close() error { return errors.New("closed, though it stays its maker's") }

var at = feature.TopicPartition{Topic: "t", Partition: 3, Epoch: 1}

func rowsOf(t *testing.T, n int, deletes int) *feature.Rows {
	t.Helper()
	g := rowgen.Gen{Schema: rowgen.EveryType(feature.ByLog, nil), Seed: 7, Keys: 20, Deletes: deletes, Extremes: true}
	return g.Batch(at, 0, n)
}

func opened(t *testing.T, s watermill.Sink, schema *feature.Schema, durable func(*feature.Lane, []feature.SpanTally)) pipeline.Writer {
	t.Helper()
	if err := s.Check(schema); err != nil {
		t.Fatal(err)
	}
	w, err := s.Open(t.Context(), new(pipelinetest.Lanes).SinkNode("changes", schema, durable, func(err error) { t.Error(err) }))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestRowsArePublishedInOrderAndDurableWhenPublishHasReturned(t *testing.T) {
	for _, store := range feature.Stores() {
		p, reported := &publisher{}, int64(0)
		rows := rowsOf(t, 200, 20)
		rows.Drop(5, feature.Late, store)
		rows.Drop(6, feature.Dead)
		w := opened(t, watermill.Sink{Publisher: p, Topic: "changes", For: store}, rows.Schema, func(_ *feature.Lane, done []feature.SpanTally) {
			if len(p.got) != 198 {
				t.Errorf("reported durable after %d messages", len(p.got))
			}
			for _, d := range done {
				reported += d.Read
			}
		})
		if err := w.Write(t.Context(), &feature.Lane{TopicPartition: at}, rows); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Flush(t.Context()), w.Close()); err != nil {
			t.Fatal(err)
		}
		if reported != 200 {
			t.Errorf("%d rows were reported, want 200", reported)
		}
		last, deletes := -1, 0
		for _, m := range p.got {
			var offset int
			if _, err := fmt.Sscan(m.Metadata.Get(watermill.MetadataOffset), &offset); err != nil || offset <= last || offset == 5 || offset == 6 {
				t.Fatalf("offset %d after %d: %v", offset, last, err)
			}
			last = offset
			var object map[string]any
			if err := json.Unmarshal(m.Payload, &object); err != nil {
				t.Fatalf("offset %d: %v", offset, err)
			}
			if want := fmt.Sprint(object["id"]); m.Metadata.Get(watermill.MetadataKey) == "" || want == "" {
				t.Errorf("offset %d has no key", offset)
			}
			if m.Metadata.Get(watermill.MetadataOperation) == "delete" {
				deletes++
				if len(object) > len(rows.Schema.Keys())+1 {
					t.Errorf("a delete has %d columns", len(object))
				}
			} else if len(object) != len(rows.Schema.Fields) {
				t.Errorf("a row has %d columns, want %d", len(object), len(rows.Schema.Fields))
			}
		}
		if deletes == 0 {
			t.Error("no delete was published")
		}
	}
}

func TestAPublisherThatFailsHasTheBatchComeAgain(t *testing.T) {
	p, reports := &publisher{fail: errors.New("no broker")}, 0
	rows := rowsOf(t, 50, 0)
	w := opened(t, watermill.Sink{Publisher: p, Topic: "changes"}, rows.Schema, func(*feature.Lane, []feature.SpanTally) { reports++ })
	l := &feature.Lane{TopicPartition: at}
	if err := w.Write(t.Context(), l, rows); !pipeline.IsTransient(err) || !strings.Contains(err.Error(), `publish to "changes": no broker`) || reports != 0 {
		t.Fatalf("got %v and %d reports", err, reports)
	}
	p.fail = nil
	if err := w.Write(t.Context(), l, rows); err != nil || reports != 1 || len(p.got) != 75 {
		t.Errorf("%v, %d reports, %d messages: at least once is 25 and then 50", err, reports, len(p.got))
	}
}

func TestARowThatNoMessageCanBeMadeOfIsFoundBeforeItIsWritten(t *testing.T) {
	rows := rowsOf(t, 10, 0)
	s := watermill.Sink{Publisher: &publisher{}, Topic: "changes", Marshal: func(r feature.Row) (*message.Message, error) {
		switch r.Record().Offset {
		case 3:
			return nil, errors.New("too odd")
		case 7:
			return nil, nil
		}
		return watermill.JSON(r)
	}}
	w := opened(t, s, rows.Schema, nil)
	c := w.(pipeline.RowChecker)
	if i, err := c.CheckRows(rows, 0); i != 3 || err == nil || err.Error() != "marshal: too odd" {
		t.Errorf("row %d: %v", i, err)
	}
	if i, err := c.CheckRows(rows, 4); i != 7 || err == nil {
		t.Errorf("row %d: %v", i, err)
	}
	if _, err := c.CheckRows(rows, 8); err != nil {
		t.Error(err)
	}
}

func TestWhatIsMissingIsNamedAtCheck(t *testing.T) {
	err := watermill.Sink{For: 7}.Check(nil)
	for _, want := range []string{"no Publisher", "no Topic", "store 7"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestEveryValueHasAFormInJSON(t *testing.T) {
	s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}}, []feature.Field{
		{Name: "k", Kind: feature.String},
		{Name: "f", Kind: feature.List, Children: []feature.Field{{Kind: feature.Float64}}},
		{Name: "d", Kind: feature.Bytes, Logical: feature.Decimal, Precision: 5, Scale: 2, Nullable: true},
		{Name: "u", Kind: feature.Bytes, Logical: feature.UUID, Size: 16},
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := feature.NewRows(s, at)
	for i, v := range []any{"a", []any{1.5, 0.1, nan(), inf()}, []byte{0x85}, make([]byte, 16)} {
		if err := rows.Columns[i].Append(v); err != nil {
			t.Fatal(err)
		}
	}
	rows.Add(feature.Record{Offset: 9}, feature.Upsert)
	rows.Seal()
	m, err := watermill.JSON(rows.Row(0))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(m.Payload), `{"d":"-1.23","f":[1.5,0.1,"NaN","Infinity"],"k":"a","u":"00000000-0000-0000-0000-000000000000"}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := m.Metadata.Get(watermill.MetadataKey); got != `["a"]` {
		t.Errorf("key %s", got)
	}
}

func nan() float64 { z := 0.0; return z / z }
func inf() float64 { z := 0.0; return 1 / z }
