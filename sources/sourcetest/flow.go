package sourcetest

import (
	"sync"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func everyRecordOnce(t *testing.T, h Harness) {
	rng := seeded(t)
	partitions := int32(3)
	if h.OneLane {
		partitions = 1
	}
	log := h.New(t, partitions)
	want := make([][]feature.Record, partitions)
	g := NewGraph(t)
	for p := range partitions {
		want[p] = Records(rng, 200)
		if h.Positions {
			want[p][7].Value = nil // a delete
			want[p][8].Value = []byte{}
		}
		log.Append(t, p, want[p][:100]...)
	}
	run := g.Start(log.Source(Settings{MaxBatch: 1 + rng.IntN(40)}))
	for p := range partitions {
		g.Await("the first half", all(p, len(want[p])/2))
		log.Append(t, p, want[p][100:]...) // while it runs
	}
	for p := range partitions {
		same(t, want[p], Got(g.Await("all records", all(p, len(want[p]))), p))
	}
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
	for p := range partitions {
		same(t, want[p], Got(g.Lanes(), p))
	}
}

func spansMeet(t *testing.T, h Harness) {
	rng := seeded(t)
	log := h.New(t, 1)
	log.Append(t, 0, Records(rng, 500)...)
	g := NewGraph(t)
	run := g.Start(log.Source(Settings{MaxBatch: 7}))
	lanes := g.Await("all records", all(0, 500))
	meet(t, lanes)
	for _, p := range lanes[0].Pushes {
		if len(p.List) > 7 {
			t.Errorf("a hand-over of %d records, not 7 at most", len(p.List))
		}
	}
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
}

func fullLaneAlone(t *testing.T, h Harness) {
	rng := seeded(t)
	log := h.New(t, 2)
	g := NewGraph(t)
	g.Full = func(l *Lane) bool { return l.Partition == 0 }
	log.Append(t, 0, Records(rng, 10)...)
	run := g.Start(log.Source(Settings{}))
	g.Await("the lane to be full", all(0, 1))

	log.Append(t, 1, Records(rng, 10)...)
	before := len(Got(g.Await("the other lane", all(1, 10)), 0)) // what was in hand when the lane got full has come by now
	log.Append(t, 0, Records(rng, 500)...)
	for n := 20; n <= 60; n += 10 {
		log.Append(t, 1, Records(rng, 10)...)
		g.Await("the other lane", all(1, n))
	}
	if after := len(Got(g.Lanes(), 0)); after != before {
		t.Errorf("a full lane was handed %d more records before it was ready", after-before)
	}

	for n := before; n < 510; n = len(Got(g.Lanes(), 0)) { // full again after each push
		for _, l := range g.Lanes() {
			if l.Partition == 0 {
				l.Ready()
			}
		}
		g.Await("a lane that is ready again", all(0, n+1))
	}
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
}

// readyNeverLost has every push report full, and Ready come before Push returns,
// then beside it, then anyhow.
func readyNeverLost(t *testing.T, h Harness) {
	rng := seeded(t)
	log := h.New(t, 1)
	want := Records(rng, 300)
	g := NewGraph(t)
	var beside sync.WaitGroup
	defer beside.Wait()
	pushes := 0
	g.Full = func(l *Lane) bool {
		pushes++
		within := pushes <= 100 || pushes > 200 && rng.IntN(2) == 0
		if within {
			l.Ready()
		} else {
			beside.Go(l.Ready)
		}
		return true
	}
	run := g.Start(log.Source(Settings{MaxBatch: 1}))
	for i := 0; i < len(want); i += 10 {
		log.Append(t, 0, want[i:i+10]...)
		g.Await("records in spite of a lane that is always full", all(0, i+10))
	}
	same(t, want, Got(g.Lanes(), 0))
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
}

func drains(t *testing.T, h Harness) {
	rng := seeded(t)
	partitions := int32(2)
	if h.OneLane {
		partitions = 1
	}
	log := h.New(t, partitions)
	g := NewGraph(t)
	g.Hold = true
	for p := range partitions {
		log.Append(t, p, Records(rng, 20)...)
	}
	run := g.Start(log.Source(Settings{}))
	for p := range partitions {
		g.Await("something to drain", all(p, 1))
	}
	run.Cancel()
	lanes := g.Await("End of every lane", func(lanes []Lane) bool {
		for _, l := range lanes {
			if !l.Ended {
				return false
			}
		}
		return true
	})
	next := map[int32]int64{}
	for _, l := range lanes {
		if run.ReturnsWithin(100 * time.Millisecond) {
			t.Fatal("Run returned before every lane was done")
		}
		next[l.Partition] = l.Pushes[len(l.Pushes)-1].Span.To
		l.Commit(next[l.Partition])
		l.Finish()
	}
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	meet(t, g.Lanes())
	if h.Commits {
		beginAt(t, log, next)
	}
}

// beginAt checks that a run's lanes begin where the last commits were.
func beginAt(t *testing.T, log Log, next map[int32]int64) {
	t.Helper()
	g := NewGraph(t)
	run := g.Start(log.Source(Settings{}))
	for _, l := range g.Await("lanes", func(lanes []Lane) bool { return len(lanes) == len(next) }) {
		if l.Start != next[l.Partition] {
			t.Errorf("partition %d begins at %d, and the last commit, while it drained, was %d", l.Partition, l.Start, next[l.Partition])
		}
	}
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
}
