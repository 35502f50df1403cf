package sourcetest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// tell reads the log once, and gives what came: so the tests know its offsets.
func tell(t *testing.T, log Log, n int) []feature.Record {
	t.Helper()
	g := NewGraph(t)
	g.Hold = true // stores nothing
	run := g.Start(log.Source(Settings{}))
	got := Got(g.Await("all records", all(0, n)), 0)
	run.Cancel()
	g.GiveUp()
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	return got
}

func commitsKept(t *testing.T, h Harness) {
	log := h.New(t, 1)
	log.Append(t, 0, Records(seeded(t), 100)...)
	var at int64
	for _, i := range []int{40, 41, 99} {
		g := NewGraph(t)
		g.Hold = true
		run := g.Start(log.Source(Settings{MaxBatch: 10}))
		lanes := g.Await("records up to the end", func(lanes []Lane) bool {
			got := Got(lanes, 0)
			return len(got) > 0 && string(got[len(got)-1].Value[:3]) == "99:"
		})
		if at != 0 && lanes[0].Start != at {
			t.Fatalf("the run began at %d, and the last commit was %d", lanes[0].Start, at)
		}
		for _, r := range Got(lanes, 0) {
			if string(r.Value[:2]) == string(rune('0'+i/10))+string(rune('0'+i%10)) {
				at = r.Offset + 1
			}
		}
		// Far less than was pushed is durable when the lane is done.
		lanes[0].Commit(at)
		run.Cancel()
		lanes[0].Finish()
		if err := run.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

func sinksOutrank(t *testing.T, h Harness) {
	log := h.New(t, 1)
	log.Append(t, 0, Records(seeded(t), 50)...)
	g := NewGraph(t)
	run := g.Start(log.Source(Settings{})) // commits all
	got := Got(g.Await("all records", all(0, 50)), 0)
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
	begins(t, log, got, 20)
}

func beginsAtProgress(t *testing.T, h Harness) {
	log := h.New(t, 1)
	log.Append(t, 0, Records(seeded(t), 50)...)
	got := tell(t, log, 50)
	for _, i := range []int{0, 1, 30, 49} {
		begins(t, log, got, i)
	}
}

// begins runs the source for sinks that hold everything before record i.
func begins(t *testing.T, log Log, all50 []feature.Record, i int) {
	t.Helper()
	g := NewGraph(t)
	g.Progress[0] = feature.Progress{
		Counted: all50[i].Offset,
		Sinks:   map[string]feature.SinkProgress{"sink": {Next: all50[i].Offset, Tally: feature.Tally{Read: int64(i), Written: int64(i)}}},
	}
	run := g.Start(log.Source(Settings{}))
	lanes := g.Await("the rest", all(0, len(all50)-i))
	same(t, all50[i:], Got(lanes, 0))
	if l := lanes[0]; l.Start != all50[i].Offset || !reflect.DeepEqual(l.Resumed, g.Progress[0]) {
		t.Errorf("the lane starts at %d with %+v, not at %d with %+v", l.Start, l.Resumed, all50[i].Offset, g.Progress[0])
	}
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
}

func warmFirst(t *testing.T, h Harness) {
	log := h.New(t, 1)
	log.Append(t, 0, Records(seeded(t), 50)...)
	got := tell(t, log, 50)
	for _, c := range []struct{ start, replay, first int }{{30, 10, 20}, {5, 10, 0}, {0, 10, 0}} {
		g := NewGraph(t)
		g.Replay = c.replay
		g.Progress[0] = feature.Progress{Counted: got[c.start].Offset}
		run := g.Start(log.Source(Settings{MaxBatch: 4}))
		lanes := g.Await("replayed records and the rest", all(0, 50-c.first))
		same(t, got[c.first:], Got(lanes, 0))
		meet(t, lanes)
		if lanes[0].Start != got[c.start].Offset {
			t.Errorf("replayed records moved the start to %d", lanes[0].Start)
		}
		for _, p := range lanes[0].Pushes {
			if p.ReplayedBefore != got[c.start].Offset {
				t.Errorf("span %v is replayed before %d", p.Span, p.ReplayedBefore)
			}
		}
		if err := run.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func newEpoch(t *testing.T, h Harness) {
	log := h.New(t, 1)
	log.Append(t, 0, Records(seeded(t), 20)...)
	got := tell(t, log, 20)
	g := NewGraph(t)
	g.Progress[0] = feature.Progress{
		Epoch: 1, TopicID: "another", Counted: got[10].Offset,
		Sinks: map[string]feature.SinkProgress{"sink": {Next: got[15].Offset}},
	}
	run := g.Start(log.Source(Settings{Epoch: 2}))
	lanes := g.Await("all of the new life", all(0, 20))
	same(t, got, Got(lanes, 0))
	if l := lanes[0]; l.Epoch != 2 || l.Resumed.Sinks != nil || l.Pushes[0].Epoch != 2 {
		t.Errorf("the lane is of epoch %d and resumes %+v", l.Epoch, l.Resumed)
	}
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
}

func olderEpoch(t *testing.T, h Harness) {
	log := h.New(t, 1)
	log.Append(t, 0, Records(seeded(t), 20)...)
	g := NewGraph(t)
	g.Progress[0] = feature.Progress{Epoch: 2}
	if err := g.Start(log.Source(Settings{Epoch: 1})).Wait(); err == nil || pipeline.IsRestart(err) || pipeline.IsTransient(err) {
		t.Fatalf("epoch 1 was read into sinks of epoch 2: %v", err)
	}
	if len(g.Lanes()) > 0 {
		t.Error("a lane was opened")
	}
}

func gapTyped(t *testing.T, h Harness) {
	log := h.New(t, 1)
	trimmer, ok := log.(Trimmer)
	if !ok {
		t.Log("not promised: this log loses no records")
		return
	}
	log.Append(t, 0, Records(seeded(t), 50)...)
	got := tell(t, log, 50)
	trimmer.Trim(t, 0, got[20].Offset)
	g := NewGraph(t)
	g.Progress[0] = feature.Progress{Counted: got[5].Offset}
	loss(t, g.Start(log.Source(Settings{})).Wait(), got[5].Offset, got[20].Offset, got[49].Offset+1)
	if n := len(Got(g.Lanes(), 0)); n > 0 {
		t.Errorf("%d records after the gap were handed over", n)
	}
	begins(t, log, got, 20) // the first that is left is no gap
}

func beyondEnd(t *testing.T, h Harness) {
	log := h.New(t, 1)
	log.Append(t, 0, Records(seeded(t), 50)...)
	got := tell(t, log, 50)
	g := NewGraph(t)
	g.Progress[0] = feature.Progress{Counted: got[49].Offset + 100}
	loss(t, g.Start(log.Source(Settings{})).Wait(), got[49].Offset+100, got[0].Offset, got[49].Offset+1)
}

func loss(t *testing.T, err error, want, earliest, latest int64) {
	t.Helper()
	var gap *pipeline.DataLossError
	if !errors.As(err, &gap) {
		t.Fatalf("not a DataLossError: %v", err)
	}
	if gap.Want != want || gap.Earliest != earliest || gap.Latest != latest {
		t.Errorf("the facts are %+v, not %d of [%d, %d)", gap, want, earliest, latest)
	}
	if pipeline.IsRestart(err) || pipeline.IsTransient(err) {
		t.Errorf("it would be tried again: %v", err)
	}
}

func returnsByItself(t *testing.T, h Harness) {
	rng := seeded(t)
	partitions := int32(3)
	if h.OneLane {
		partitions = 1
	}
	log := h.New(t, partitions)
	want := Records(rng, 100)
	log.Append(t, 0, want...) // the others are empty
	g := NewGraph(t)
	if err := g.Start(log.Source(Settings{UntilEnd: true})).Wait(); err != nil {
		t.Fatal(err)
	}
	lanes := g.Lanes()
	same(t, want, Got(lanes, 0))
	meet(t, lanes)
	if len(lanes) != int(partitions) {
		t.Errorf("%d lanes of %d partitions", len(lanes), partitions)
	}
	for _, l := range lanes {
		if !l.Ended {
			t.Errorf("partition %d was not ended", l.Partition)
		}
	}
}

func nothingReturns(t *testing.T, h Harness) {
	log := h.New(t, 1)
	g := NewGraph(t)
	if err := g.Start(log.Source(Settings{UntilEnd: true})).Wait(); err != nil {
		t.Fatal(err)
	}
	if lanes := g.Lanes(); len(lanes) != 1 || !lanes[0].Ended || len(lanes[0].Pushes) != 0 {
		t.Errorf("lanes of an empty log: %v", describe(lanes))
	}
}
