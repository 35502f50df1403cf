package intake

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func batch(from, to int64, size int) feature.Records {
	r := feature.Records{Span: feature.Span{From: from, To: to}}
	for i := from; i < to; i++ {
		r.List = append(r.List, feature.Record{Offset: i, Value: make([]byte, size)})
	}
	return r
}

func push(t interface{ Fatal(...any) }, in *Intake, l *feature.Lane, r feature.Records) bool {
	full, _, err := in.Push(l, r)
	if err != nil {
		t.Fatal(err)
	}
	return full
}

func TestWhatBreaksASourcesContractIsAnErrorAndAddsNothing(t *testing.T) {
	l := &feature.Lane{Start: 5}
	in := New(1 << 20)
	in.Open(l, []string{"a"})
	for want, r := range map[string]feature.Records{
		"the lane starts at 5":           batch(6, 8, 1),
		"across the lane's start at 5":   batch(3, 8, 1),
		"ends before it begins":          {Span: feature.Span{From: 4, To: 3}},
		"out of order or outside of its": {Span: feature.Span{From: 0, To: 3}, List: []feature.Record{{Offset: 2}, {Offset: 1}}},
		"pushed offset 3":                {Span: feature.Span{From: 0, To: 3}, List: []feature.Record{{Offset: 3}}},
	} {
		if _, _, err := in.Push(l, r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	push(t, in, l, batch(2, 5, 1))
	push(t, in, l, feature.Records{Span: feature.Span{From: 5, To: 9}}) // no record left in it
	if _, _, err := in.Push(l, batch(10, 11, 1)); err == nil {
		t.Error("a hole between spans was taken")
	}
	if !in.End(l) || in.End(l) {
		t.Error("a lane ends once")
	}
	if _, _, err := in.Push(l, batch(9, 10, 1)); err == nil || !strings.Contains(err.Error(), "after the lane's end") {
		t.Errorf("got %v", err)
	}
	for _, want := range []Next{{Found: true}, {Found: true}, {Ended: true}} {
		if n := in.Next(l); n.Found != want.Found || n.Ended != want.Ended {
			t.Errorf("got %+v, want %+v", n, want)
		}
	}
}

func TestALaneIsFullByItsOwnBytesAndHasRoomAtHalf(t *testing.T) {
	l := &feature.Lane{}
	in := New(1 << 30)
	in.Open(l, []string{"a"})
	full, pushed := false, int64(0)
	for !full {
		full = push(t, in, l, batch(pushed, pushed+1, 256<<10))
		pushed++
	}
	if pushed != 8 || !in.Full(l) {
		t.Fatalf("full after %d batches of 256 KiB", pushed)
	}
	for taken := 1; ; taken++ {
		if n := in.Next(l); n.Room {
			if taken < 4 || in.Full(l) {
				t.Errorf("room after %d of 8", taken)
			}
			return
		}
	}
}

// The budget holds for all lanes together, but a lane with nothing in flight may
// always push: none is starved.
func TestTheBudgetBoundsWhatIsInFlight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := int64(rapid.IntRange(1, 4000).Draw(t, "budget"))
		in := New(budget)
		type state struct {
			next, taken int64
			ready       bool
		}
		var lanes []*feature.Lane
		of := map[*feature.Lane]*state{}
		for range rapid.IntRange(1, 4).Draw(t, "lanes") {
			l := &feature.Lane{}
			in.Open(l, []string{"a", "b"})
			lanes, of[l] = append(lanes, l), &state{ready: true}
		}
		most := int64(0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			l := rapid.SampledFrom(lanes).Draw(t, "lane")
			s := of[l]
			switch {
			case s.ready && rapid.Bool().Draw(t, "push"):
				r := batch(s.next, s.next+1, rapid.IntRange(0, 500).Draw(t, "size"))
				most = max(most, int64(r.List[0].Size()))
				s.next++
				s.ready = !push(t, in, l, r)
			case s.taken < s.next:
				in.Next(l)
				s.taken++
				for _, sink := range []string{"a", "b"} {
					for _, r := range in.Taken(l, sink, s.taken) {
						of[r].ready = true
					}
				}
			case !s.ready && in.Full(l):
				t.Fatalf("a lane with nothing in flight is full")
			}
			for l, s := range of { // level-triggered: who asks finds out
				s.ready = s.ready || !in.Full(l)
			}
			if used := in.Used(); used > budget+int64(len(lanes)+1)*most {
				t.Fatalf("%d bytes are in flight, of %d, and the largest batch has %d", used, budget, most)
			}
		}
		for l, s := range of {
			for _, sink := range []string{"a", "b"} {
				in.Taken(l, sink, s.next)
			}
			in.Close(l)
		}
		if used := in.Used(); used != 0 {
			t.Fatalf("%d bytes are in flight of no lane", used)
		}
	})
}
