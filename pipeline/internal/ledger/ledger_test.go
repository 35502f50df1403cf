package ledger

import (
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func written(n int64) feature.Tally { return feature.Tally{Read: n, Written: n} }

func held(n int64) feature.Progress {
	return feature.Progress{Sinks: map[string]feature.SinkProgress{"a": {Tally: written(n)}}}
}

func TestARunCountsFromItsOwnBeginning(t *testing.T) {
	var l Ledger
	p := Log{Source: "log", TopicPartition: feature.TopicPartition{Topic: "t"}}
	l.Begin([]string{"a", "b"})
	l.Open(p, true, held(100))
	l.Count(p, "a", written(7))
	if now := l.Now(); now["a"] != written(7) || now["b"] != (feature.Tally{}) || len(now) != 2 {
		t.Errorf("counted %v", now)
	}
	l.Close(p)
	l.Open(p, true, held(107))
	l.Count(p, "a", written(3))
	if now := l.Now(); now["a"] != written(10) {
		t.Errorf("two lanes of one partition: %v", now)
	}
	l.Begin([]string{"a"})
	if now := l.Now(); now["a"] != (feature.Tally{}) {
		t.Errorf("a second run begins with %v", now)
	}
}

// A session that is dropped has counted more, or less, than what the stores came
// to hold. What they hold is what counts.
func TestADroppedSessionIsCountedByWhatTheStoresHold(t *testing.T) {
	for _, c := range []struct{ counted, held, want int64 }{{7, 103, 3}, {2, 109, 9}, {0, 100, 0}} {
		var l Ledger
		p := Log{Source: "log"}
		l.Begin([]string{"a"})
		l.Open(p, true, held(100))
		l.Count(p, "a", written(c.counted))
		l.Open(p, true, held(c.held))
		if got := l.Now()["a"].Read; got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// Where no store keeps progress, the counts of a dropped session stand.
func TestWithoutKeptProgressCountsStand(t *testing.T) {
	var l Ledger
	p := Log{Source: "log"}
	l.Begin([]string{"a"})
	l.Open(p, false, feature.Progress{})
	l.Count(p, "a", written(4))
	l.Open(p, false, feature.Progress{})
	l.Count(p, "a", written(2))
	if got := l.Now()["a"].Read; got != 6 {
		t.Errorf("counted %d, want 6", got)
	}
}

func TestTwoSourcesMayHaveTopicsOfOneName(t *testing.T) {
	var l Ledger
	l.Begin([]string{"a"})
	one, two := Log{Source: "one"}, Log{Source: "two"}
	l.Open(one, true, held(0))
	l.Open(two, true, held(0))
	l.Count(one, "a", written(1))
	l.Close(one)
	l.Count(one, "a", written(50)) // it has left: nothing counts any more
	l.Count(two, "a", written(2))
	if got := l.Now()["a"].Read; got != 3 {
		t.Errorf("counted %d, want 3", got)
	}
}
