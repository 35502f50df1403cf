package frontier

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// done is a report of spans of one row each, all written.
func done(from, to int64) (list []feature.SpanTally) {
	for i := from; i < to; i++ {
		s := feature.SpanTally{Span: feature.Span{From: i, To: i + 1}}
		s.Count(feature.Pending)
		list = append(list, s)
	}
	return list
}

func taken(from, to int64) (list []Taken) {
	for _, s := range done(from, to) {
		list = append(list, Taken{s.Span, 1})
	}
	return list
}

func TestASpanCountsOnceEverySinkHasIt(t *testing.T) {
	counted := map[string]int64{}
	f := New([]string{"a", "b"}, 10, feature.Progress{}, func(sink string, t feature.Tally) { counted[sink] += t.Written })
	f.Take("a", taken(10, 20))
	f.Take("b", taken(10, 20))
	for _, step := range []struct {
		sink     string
		from, to int64
		at       int64
	}{{"a", 10, 15, 10}, {"b", 10, 12, 12}, {"b", 12, 20, 15}, {"a", 15, 20, 20}} {
		if at, err := f.Advance(step.sink, done(step.from, step.to)); err != nil || at != step.at || f.At() != at {
			t.Fatalf("after %+v every sink holds all before %d, %v", step, at, err)
		}
	}
	if counted["a"] != 10 || counted["b"] != 10 {
		t.Errorf("counted %v", counted)
	}
	if _, some := f.Owed("a"); some {
		t.Error("something is owed still")
	}
}

func TestAReportOfWhatWasNotGivenIsAnErrorAndChangesNothing(t *testing.T) {
	bad := done(12, 13)
	bad[0].Count(feature.Pending)
	for want, report := range map[string][]feature.SpanTally{
		"before it was given them":               done(10, 21),
		"but 10 to 11 come first":                done(11, 12),
		"counted 2 of the 1 rows from offset 12": append(done(10, 12), bad...),
		"counted 0 of the 1 rows from offset 10": {{Span: feature.Span{From: 10, To: 11}}},
	} {
		f := New([]string{"a"}, 10, feature.Progress{}, nil)
		f.Take("a", taken(10, 20))
		if at, err := f.Advance("a", report); err == nil || !strings.Contains(err.Error(), want) || at != 10 {
			t.Errorf("want %q, got %v at %d", want, err, at)
		}
		if owed, _ := f.Owed("a"); owed != (feature.Span{From: 10, To: 20}) {
			t.Errorf("%v is owed", owed)
		}
		if at, err := f.Advance("a", done(10, 20)); err != nil || at != 20 {
			t.Errorf("the right report after it: %v at %d", err, at)
		}
	}
}

func TestWhatWasReportedMayComeAgain(t *testing.T) {
	f := New([]string{"a"}, 0, feature.Progress{}, nil)
	f.Take("a", taken(0, 5))
	f.Take("a", taken(0, 5)) // the batch came again
	for _, to := range []int64{2, 2, 5, 5} {
		if at, err := f.Advance("a", done(0, to)); err != nil || at != to {
			t.Fatalf("at %d, %v", at, err)
		}
	}
	if got := f.Progress(&feature.Lane{}, "a", nil).Sinks["a"].Tally.Written; got != 5 {
		t.Errorf("%d rows were counted, want 5", got)
	}
}

func TestASinkThatIsAheadKeepsItsPlace(t *testing.T) {
	held := feature.Progress{Counted: 5, Sinks: map[string]feature.SinkProgress{"a": {Next: 8, Tally: feature.Tally{Read: 5, Written: 5}}, "b": {Next: 5}}}
	f := New([]string{"a", "b"}, 5, held, nil)
	if f.Opened("a") != 8 || f.Opened("b") != 5 || f.Next("a") != 8 || f.At() != 5 {
		t.Errorf("opened at %d and %d", f.Opened("a"), f.Opened("b"))
	}
}

// However reports of several sinks interleave, the lane comes to the same place,
// and what a sink is told it would come to is what it comes to.
func TestTheOrderOfReportsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sinks := []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "sinks")]
		n := int64(rapid.IntRange(0, 20).Draw(t, "spans"))
		f := New(sinks, 0, feature.Progress{}, nil)
		lane, next := &feature.Lane{}, map[string]int64{}
		for _, s := range sinks {
			f.Take(s, taken(0, n))
		}
		for left := int64(len(sinks)) * n; left > 0; {
			s := rapid.SampledFrom(sinks).Draw(t, "sink")
			to := min(n, next[s]+int64(rapid.IntRange(1, 5).Draw(t, "more")))
			report := done(next[s], to)
			left -= to - next[s]
			next[s] = to
			want := f.Progress(lane, s, report)
			at, err := f.Advance(s, report)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Progress(lane, s, nil); !reflect.DeepEqual(got, want) || got.Counted != at {
				t.Fatalf("got %+v at %d, and was told %+v", got, at, want)
			}
			least := n
			for _, s := range sinks {
				least = min(least, next[s])
			}
			if at != least {
				t.Fatalf("every sink holds all before %d, not %d", least, at)
			}
		}
		if p := f.Progress(lane, sinks[0], nil); p.Counted != n {
			t.Fatalf("ends at %+v, want %d", p, n)
		}
	})
}

func TestMergeOpensWhereTheFurthestBackIs(t *testing.T) {
	a := feature.Progress{Epoch: 1, Counted: 5, Sinks: map[string]feature.SinkProgress{"x": {Next: 9, Tally: feature.Tally{Read: 5}}}}
	b := feature.Progress{Epoch: 1, Counted: 7, TopicID: "id", Partitions: 4, Sinks: map[string]feature.SinkProgress{"x": {Next: 7, Tally: feature.Tally{Read: 7}}, "y": {Next: 8}}}
	older := feature.Progress{Counted: 90, Sinks: map[string]feature.SinkProgress{"x": {Next: 90}}}
	for _, pair := range [][2]feature.Progress{{a, b}, {b, a}} {
		m := Merge(pair[0], pair[1])
		if got := fmt.Sprintf("%d %d %d %d %s %d", m.Counted, m.Sinks["x"].Next, m.Sinks["x"].Tally.Read, m.Sinks["y"].Next, m.TopicID, m.Partitions); got != "5 9 5 8 id 4" {
			t.Errorf("got %s", got)
		}
	}
	if m := Merge(a, older); m.Epoch != 0 || m.Counted != 90 || m.Sinks["x"].Next != 90 {
		t.Errorf("of an older epoch: %+v", m)
	}
}
