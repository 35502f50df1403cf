package memlog_test

import (
	"fmt"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/sources/sourcetest"
)

type log struct{ *memlog.Log }

func (l log) Topic() string { return "t" }

func (l log) Append(_ testing.TB, p int32, records ...feature.Record) { l.Log.Append(p, records...) }

func (l log) Trim(_ testing.TB, p int32, before int64) { l.Log.Trim(p, before) }

func (l log) Source(s sourcetest.Settings) pipeline.Source {
	return memlog.Source{Log: l.Log, UntilEnd: s.UntilEnd, Epoch: s.Epoch, MaxBatch: s.MaxBatch}
}

func TestSource(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		New:     func(_ testing.TB, n int32) sourcetest.Log { return log{memlog.NewLog("t", int(n))} },
		Bounded: true, Positions: true, Commits: true,
	})
}

// A hole before the end, as transactions leave them, is inside of a span.
func TestHolesLieInsideOfSpans(t *testing.T) {
	l := memlog.Of("t", []feature.Record{{Offset: 3}, {}, {Offset: 9}})
	g := sourcetest.NewGraph(t)
	if err := g.Start(memlog.Source{Log: l, UntilEnd: true, MaxBatch: 2}).Wait(); err != nil {
		t.Fatal(err)
	}
	var spans []feature.Span
	for _, p := range g.Lanes()[0].Pushes {
		spans = append(spans, p.Span)
	}
	if got := fmt.Sprint(spans); got != "[{0 5} {5 10}]" {
		t.Errorf("spans %s", got)
	}
	if next, _ := l.Committed(0); next != 10 {
		t.Errorf("committed %d", next)
	}
}

func TestRetentionThatOvertakesALaneIsAnError(t *testing.T) {
	l := memlog.NewLog("t", 1)
	l.Append(0, make([]feature.Record, 5)...)
	g := sourcetest.NewGraph(t)
	g.Full = func(*sourcetest.Lane) bool { return true }
	run := g.Start(memlog.Source{Log: l})
	lane := g.Await("a full lane", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 5 })[0]
	l.Append(0, make([]feature.Record, 5)...)
	l.Trim(0, 7)
	lane.Ready()
	if err := run.Wait(); err == nil || err.Error() != "t/0@5: the log begins at 7: 2 offsets are gone" {
		t.Fatal(err)
	}
}

func ExampleLog() {
	l := memlog.NewLog("clicks", 2)
	l.Append(1, feature.Record{Value: []byte("a")}, feature.Record{Value: []byte("b")})
	fmt.Println(l.Bounds(1))
	// Output: 0 2
}
