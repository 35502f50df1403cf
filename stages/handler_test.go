package stages

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// upper is a handler that knows a few values by name.
func upper(m *message.Message) ([]*message.Message, error) {
	switch s := string(m.Payload); s {
	case "drop":
		return nil, nil
	case "fail":
		return nil, errors.New("no such thing")
	case "panic":
		panic("at the handler")
	case "two":
		return []*message.Message{m, m}, nil
	default:
		copy(m.Payload, strings.ToUpper(s))
		if s == "tag" {
			m.Metadata.Set("b", "2")
			m.Metadata.Set("a", "1")
		}
		m.Ack()
		return []*message.Message{m}, nil
	}
}

func handled(t *testing.T, h Handler, l *letters) *handler {
	t.Helper()
	st, err := h.Open(t.Context(), l.node())
	if err != nil {
		t.Fatal(err)
	}
	return st.(*handler)
}

func values(list []feature.Record) string {
	var out []string
	for _, r := range list {
		out = append(out, fmt.Sprintf("%d:%s:%v", r.Offset, r.Value, r.Outcome))
	}
	return strings.Join(out, " ")
}

func TestAHandlerStandsBetweenSourceAndDecode(t *testing.T) {
	l := &letters{}
	in := records(0, bodies([]byte("ab"), []byte("drop"), []byte("fail"), []byte("panic"), []byte("tag"), nil)...)
	in.List[0].Headers = []feature.Header{{Key: "z", Value: []byte("1")}, {Key: "z", Value: []byte("2")}}
	was := values(in.List)
	var got feature.Records
	if err := handled(t, upper, l).Process(t.Context(), in, func(r feature.Records) { got = r }); err != nil {
		t.Fatal(err)
	}
	if want := "0:AB:written 1:drop:filtered 2:fail:dead 3:panic:dead 4:TAG:written 5::written"; values(got.List) != want {
		t.Errorf("got  %s\nwant %s", values(got.List), want)
	}
	if values(in.List) != was {
		t.Errorf("the records that branches share were changed: %s", values(in.List))
	}
	if h := got.List[0].Headers; len(h) != 2 || string(h[1].Value) != "2" {
		t.Errorf("headers that nobody changed became %v", h)
	}
	if h := got.List[4].Headers; fmt.Sprint(h) != "[{a [49]} {b [50]}]" {
		t.Errorf("headers became %v", h)
	}
	if got.Span != in.Span || got.List[5].Value != nil {
		t.Errorf("span %v, and a null value became %q", got.Span, got.List[5].Value)
	}
	wantLetters(t, l, "2 handler", "3 handler")
}

func TestReplayedRecordsAreNotRejectedAgain(t *testing.T) {
	l := &letters{}
	in := records(2, bodies([]byte("fail"), []byte("ab"))...)
	var got feature.Records
	if err := handled(t, upper, l).Process(t.Context(), in, func(r feature.Records) { got = r }); err != nil {
		t.Fatal(err)
	}
	if want := "0:fail:dead 1:AB:written"; values(got.List) != want {
		t.Errorf("got %s, want %s", values(got.List), want)
	}
	wantLetters(t, l)
}

func TestOneRecordIsOneMessage(t *testing.T) {
	err := handled(t, upper, &letters{}).Process(t.Context(), records(0, bodies([]byte("ab"), []byte("two"))...), nil)
	if err == nil || pipeline.IsTransient(err) || !strings.Contains(err.Error(), "t/3@1: the handler gave several messages") {
		t.Errorf("got %v", err)
	}
}

// What passes by itself has the batch come again, and a dead letter that could
// not be sent has only that tried again.
func TestABatchThatComesAgainGivesTheSameAnswer(t *testing.T) {
	away, calls := true, 0
	h := Handler(func(m *message.Message) ([]*message.Message, error) {
		calls++
		if away && string(m.Payload) == "cd" {
			return nil, pipeline.Transient(errors.New("away"))
		}
		return upper(m)
	})
	l := &letters{err: pipeline.Transient(errors.New("no broker"))}
	st := handled(t, h, l)
	in := records(0, bodies([]byte("fail"), []byte("ab"), []byte("cd"))...)
	emit := func(feature.Records) { t.Fatal("a batch was emitted that failed") }
	if err := st.Process(t.Context(), in, emit); !pipeline.IsTransient(err) || !strings.Contains(err.Error(), "t/3@2: away") {
		t.Fatalf("got %v", err)
	}
	away, calls = false, 0
	for range 3 {
		if err := st.Process(t.Context(), in, emit); !pipeline.IsTransient(err) {
			t.Fatalf("got %v", err)
		}
	}
	if calls != 3 {
		t.Errorf("3 records were handled %d times while a dead letter waits", calls)
	}
	l.err = nil
	var got feature.Records
	if err := st.Process(t.Context(), in, func(r feature.Records) { got = r }); err != nil {
		t.Fatal(err)
	}
	if want := "0:fail:dead 1:AB:written 2:CD:written"; values(got.List) != want {
		t.Errorf("got %s, want %s", values(got.List), want)
	}
	wantLetters(t, l, "0 handler")
}

func TestDecodeKeepsThePlaceOfWhatAHandlerDropped(t *testing.T) {
	d, l := opened(t, Decode{Group: feature.Group{Name: "g", PrimaryKey: []string{"k"}}, Schema: `{"type":"record","name":"R","fields":[{"name":"k","type":"string"}]}`})
	in := records(0, bodies([]byte("\x02a"), []byte("\x02b"), []byte("\x02c"))...)
	in.List[1].Outcome = feature.Unwanted
	in.List[2].Outcome = feature.Dead
	wantOutcomes(t, through(t, d, in), "written filtered dead")
	wantLetters(t, l)
}

func TestANilFunctionIsNamedAtCheck(t *testing.T) {
	s := eventSchema(t, byLog)
	if _, err := Filter(nil).(pipeline.Describer).Describe(s); err == nil {
		t.Error("Filter(nil)")
	}
	if _, err := Map[struct{}, struct{}](nil).(pipeline.Describer).Describe(s); err == nil {
		t.Error("Map(nil)")
	}
}
