package crash_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tandemdata/tandem/benchmarks/crash"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestMain(m *testing.M) {
	crash.Child()
	os.Exit(m.Run())
}

// A process is killed again and again, at every point and anywhere; in the end both stores hold what they would have
// without.
func TestAKillAnywhereChangesNothing(t *testing.T) {
	w := crash.NewTest(t, feature.ByEventTime, feature.KeysStay)
	w.Member = "one" // comes back at once; a member without a name is waited for
	w.Produce(500)
	w.Settle()
	w.Watch(time.Second)
	tally := crash.Tally{}
	for kill := range kills(t, 15) {
		if kill%2 == 0 {
			point := crash.Points[kill/2%len(crash.Points)]
			w.KillAt(point, 1+w.Random.Int32N(3))
			tally.Add(string(point))
		} else {
			tally.Add(killAnywhere(w, kill%4 == 1))
		}
		if kill%20 == 19 {
			w.Settle()
		}
	}
	w.Settle()
	t.Logf("kills:\n%v", tally)
	wanted := []string{anywhere, atWork}
	for _, p := range crash.Points {
		wanted = append(wanted, string(p))
	}
	if never := tally.Never(wanted...); len(never) > 0 {
		t.Errorf("nothing was killed at %q", never)
	}
}

const (
	anywhere = "anywhere from its start on"
	atWork   = "anywhere at work"
)

// killAnywhere kills a child from outside, and says where.
func killAnywhere(w *crash.Test, working bool) string {
	c := w.Start(w.Job)
	where := anywhere
	if working {
		w.AtWork()
		where = atWork
	}
	w.KillAfter(c, time.Duration(w.Random.IntN(1000))*time.Millisecond)
	return where
}

// kills is how many there are to be: TANDEM_KILLS, in place of what is affordable in every run.
func kills(t *testing.T, otherwise int) int {
	t.Helper()
	text := os.Getenv("TANDEM_KILLS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("TANDEM_KILLS=%q: %v", text, err)
	}
	return n
}
