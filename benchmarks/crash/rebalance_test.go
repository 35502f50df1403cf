package crash_test

import (
	"testing"
	"time"

	"github.com/tandemdata/tandem/benchmarks/crash"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Processes of one group join, leave and are killed under load. All of them commit to one table, and rows of one
// identity are in every partition.
func TestMembersThatComeAndGoChangeNothing(t *testing.T) {
	w := crash.NewTest(t, feature.ByEventTime, feature.KeysMove)
	a := w.Start(w.Job)
	w.Held(1)
	w.CaughtUp()
	w.Watch(time.Second)
	b := w.Start(w.Job)
	w.Held(2)
	c := w.Start(w.Job)
	w.Held(3)
	w.Must(a.Leave())
	w.Held(2)
	b.Kill()
	w.Held(1)
	d := w.Start(w.Job)
	w.Held(2)
	w.CaughtUp()
	w.Must(c.Leave())
	w.Must(d.Leave())
	w.Settle()
}

// Static members that are killed come back under their names, to the partitions that they had: the group doesn't stir.
func TestStaticMembersThatAreKilledComeBackToTheirPartitions(t *testing.T) {
	w := crash.NewTest(t, feature.ByLog, feature.KeysStay)
	jobs, members := make([]crash.Job, 2), make([]*crash.Process, 2)
	for i, name := range []string{"one", "two"} {
		jobs[i] = w.Job
		jobs[i].Member = name
		members[i] = w.Start(jobs[i])
	}
	w.Held(2)
	for range 4 {
		i := w.Random.IntN(len(members))
		w.Produce(1000)
		members[i].Kill()
		members[i] = w.Start(jobs[i])
		w.CaughtUp()
	}
	w.Held(2)
	for i, m := range members {
		w.Must(m.Leave())
		if m.Says(crash.Dropped) > 0 {
			t.Errorf("member %s lost partitions", jobs[i].Member)
		}
	}
	w.Member = "one"
	w.Settle()
}

// A process that was stopped for longer than its session finds its partitions in other hands. It says so, lets go of
// what it holds, and joins again.
func TestAProcessThatSleptThroughItsSessionJoinsAgain(t *testing.T) {
	w := crash.NewTest(t, feature.ByEventTime, feature.KeysStay)
	zombie := w.Start(w.Job)
	w.Held(1)
	w.CaughtUp()
	w.Watch(time.Second)
	other := w.Start(w.Job)
	w.Held(2)
	w.Must(zombie.Pause())
	w.Held(1)
	w.Must(zombie.Continue())
	w.Said(zombie, crash.Dropped, 1)
	w.Held(2)
	w.CaughtUp()
	w.Must(zombie.Leave())
	w.Must(other.Leave())
	w.Settle()
}
