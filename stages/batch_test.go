package stages

import (
	"fmt"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// gathered runs batches of so many rows through b and gives what came out of
// each, then what was left at the end, as spans.
func gathered(t *testing.T, b *batch, sizes ...int) (out []string) {
	t.Helper()
	s, at := eventSchema(t, byEventTime), int64(0)
	emit := func(r *feature.Rows) {
		if int64(r.Len()) != r.Span().To-r.Span().From {
			t.Errorf("%d rows span %v", r.Len(), r.Span())
		}
		out = append(out, fmt.Sprint(r.Spans))
	}
	for _, n := range sizes {
		list := make([]eventRow, n)
		for i := range list {
			list[i] = eventRow{key: fmt.Sprint(at + int64(i)), at: at}
		}
		if err := b.Process(t.Context(), batchOf(s, at, 0, list...), emit); err != nil {
			t.Fatal(err)
		}
		out = append(out, "|")
		at += int64(n)
	}
	if err := b.Flush(t.Context(), pipeline.FlushEnd, emit); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBatchGathersOnlyWhileTheNextNodeIsBusy(t *testing.T) {
	for name, c := range map[string]struct {
		batch Batch
		idle  bool
		sizes []int
		want  string
	}{
		"idle":               {Batch{}, true, []int{1, 2}, "[[{0 1}] | [{1 3}] |]"},
		"busy":               {Batch{}, false, []int{1, 2}, "[| | [{0 1} {1 3}]]"},
		"full":               {Batch{MaxRows: 3}, false, []int{1, 2, 1}, "[| [{0 1} {1 3}] | | [{3 4}]]"},
		"never split":        {Batch{MaxRows: 3}, false, []int{2, 2, 9}, "[| [{0 2}] | [{2 4}] [{4 13}] |]"},
		"bytes":              {Batch{MaxBytes: 1}, false, []int{1, 2}, "[[{0 1}] | [{1 3}] |]"},
		"delay, though idle": {Batch{Delay: 1}, true, []int{1, 2}, "[| | [{0 1} {1 3}]]"},
		"empty spans count":  {Batch{MaxRows: 2}, false, []int{0, 0, 0}, "[| [{0 0} {0 0}] | | [{0 0}]]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(gathered(t, newBatch(c.batch, (&pace{idle: c.idle}).node()), c.sizes...)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestBatchWaitsNoLongerThanItsDelay(t *testing.T) {
	s, p := eventSchema(t, byLog), &pace{idle: true}
	b, n := newBatch(Batch{Delay: time.Second}, p.node()), 0
	emit := func(r *feature.Rows) { n += r.Len() }
	step := func(what string, want int, do func() error) {
		t.Helper()
		if err := do(); err != nil || n != want {
			t.Fatalf("%s: %d rows went on, want %d (%v)", what, n, want, err)
		}
	}
	process := func(at int64) func() error {
		return func() error { return b.Process(t.Context(), batchOf(s, at, 0, eventRow{}), emit) }
	}
	flush := func(why pipeline.FlushReason) func() error {
		return func() error { return b.Flush(t.Context(), why, emit) }
	}
	step("first", 0, process(0))
	step("second", 0, process(1))
	step("idle", 0, flush(pipeline.FlushIdle))
	step("timer", 2, flush(pipeline.FlushTimer))
	step("timer without rows", 2, flush(pipeline.FlushTimer))
	step("third", 2, process(2))
	step("end", 3, flush(pipeline.FlushEnd))
	if fmt.Sprint(p.wake) != "[1s 1s]" {
		t.Errorf("woken after %v, want once for each first row", p.wake)
	}
}

func TestBatchFlushesWhenTheNextNodeTurnsIdle(t *testing.T) {
	s := eventSchema(t, byLog)
	b, n := newBatch(Batch{}, (&pace{}).node()), 0
	emit := func(r *feature.Rows) { n += r.Len() }
	if err := b.Process(t.Context(), batchOf(s, 0, 0, eventRow{}), emit); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	if err := b.Flush(t.Context(), pipeline.FlushIdle, emit); err != nil || n != 1 {
		t.Fatal(n, err)
	}
}

func TestBatchLeavesWhatItWasGivenAlone(t *testing.T) {
	s := eventSchema(t, byEventTime)
	one := batchOf(s, 0, 1, eventRow{key: "a", at: 1}, eventRow{key: "b", at: 2, delete: true})
	two := batchOf(s, 2, 0, eventRow{key: "c", at: 3, filter: true, not: feature.Online}, eventRow{key: "d", at: 4})
	before := fmt.Sprint(spellRow(one, 0), spellRow(one, 1), outcomes(one), one.Len(), one.Span())
	var got *feature.Rows
	b := newBatch(Batch{}, (&pace{}).node())
	emit := func(r *feature.Rows) { got = r }
	for _, r := range []*feature.Rows{one.Fork(), two.Fork()} {
		if err := b.Process(t.Context(), r, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Flush(t.Context(), pipeline.FlushEnd, emit); err != nil {
		t.Fatal(err)
	}
	wantOutcomes(t, got, "replayed written filtered/written written")
	for i := range 4 {
		from, j := one, i
		if i > 1 {
			from, j = two, i-2
		}
		if spellRow(got, i) != spellRow(from, j) || got.KeyDigest(i) != from.KeyDigest(j) || got.Time(i) != from.Time(j) || got.Version(i) != from.Version(j) {
			t.Errorf("row %d came out as %s", i, spellRow(got, i))
		}
	}
	if after := fmt.Sprint(spellRow(one, 0), spellRow(one, 1), outcomes(one), one.Len(), one.Span()); after != before {
		t.Errorf("what was given is now %s", after)
	}

	alone := batchOf(s, 9, 0, eventRow{})
	if err := newBatch(Batch{}, (&pace{idle: true}).node()).Process(t.Context(), alone, emit); err != nil || got != alone {
		t.Error("a batch that was alone was copied")
	}
}
