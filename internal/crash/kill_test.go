package crash_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/crash"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestMain(m *testing.M) {
	crash.Child()
	os.Exit(m.Run())
}

// A process is killed again and again, at every point and anywhere; in the end both stores hold what they would have
// without.
func TestAKillAnywhereChangesNothing(t *testing.T) {
	w := crash.NewTest(t, feature.ByEventTime)
	w.Member = "one" // comes back at once; a member without a name is waited for
	w.Produce(500)
	w.Settle()
	w.Watch(time.Second)
	tally := crash.Tally{}
	for kill := range kills(t, 15) {
		if kill%2 == 0 {
			point := crash.Points[kill/2%len(crash.Points)]
			w.Must(w.KillAt(t.Context(), point, 1+w.Random.Int32N(3)))
			tally.Add(string(point))
		} else {
			w.Must(w.KillAfter(t.Context(), time.Duration(w.Random.IntN(2000))*time.Millisecond))
			tally.Add("anywhere")
		}
		if kill%20 == 19 {
			w.Settle()
		}
	}
	w.Settle()
	t.Logf("kills:\n%v", tally)
	wanted := []string{"anywhere"}
	for _, p := range crash.Points {
		wanted = append(wanted, string(p))
	}
	if never := tally.Never(wanted...); len(never) > 0 {
		t.Errorf("nothing was killed at %q", never)
	}
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
