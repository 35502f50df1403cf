package crash_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/crash"
	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestMain(m *testing.M) {
	crash.Child()
	os.Exit(m.Run())
}

// A process is killed again and again, at every point and anywhere; in the end both stores hold what they would have
// without.
func TestAKillAnywhereChangesNothing(t *testing.T) {
	w, random := newWorld(t, feature.ByEventTime)
	w.Member = "one" // comes back at once; a member without a name is waited for
	tally := crash.Tally{}
	for kill := range kills(t, 15) {
		point := crash.Points[kill/2%len(crash.Points)]
		if kill%2 == 0 {
			killAt(t, w, point, 1+random.Int32N(3))
			tally.Add(string(point))
		} else {
			killAfter(t, w, time.Duration(random.IntN(1500))*time.Millisecond)
			tally.Add("anywhere")
		}
		if kill%25 == 24 {
			must(t, w.Settle(t.Context()))
		}
	}
	must(t, w.Settle(t.Context()))
	t.Logf("kills:\n%v", tally)
	if never := tally.Never(append(names(crash.Points), "anywhere")...); len(never) > 0 {
		t.Errorf("nothing was killed at %q", never)
	}
}

// killAt has a child kill itself at a point.
func killAt(t *testing.T, w *crash.World, p crash.Point, pass int32) {
	t.Helper()
	for range 5 {
		must(t, w.Produce(t.Context(), 500))
		j := w.Job
		j.UntilEnd, j.Fault.Point, j.Fault.Pass = true, p, pass
		if p == crash.Finished {
			j.Fault.Pass = 1
		}
		c := start(t, w, j)
		killed, err := c.Killed()
		must(t, err)
		if killed {
			return
		}
		pass = 1 // it came to the end first
	}
	t.Fatalf("no child comes to %q", p)
}

// killAfter kills a child at work from outside.
func killAfter(t *testing.T, w *crash.World, d time.Duration) {
	t.Helper()
	c := start(t, w, w.Job)
	for end := time.Now().Add(d); time.Now().Before(end); {
		must(t, w.Produce(t.Context(), 100))
	}
	c.Kill()
	if killed, err := c.Killed(); err != nil || !killed {
		t.Fatalf("the child ended before it was killed: %v", err)
	}
}

func start(t *testing.T, w *crash.World, j crash.Job) *crash.Process {
	t.Helper()
	p, err := w.Start(j)
	must(t, err)
	t.Cleanup(p.Kill)
	return p
}

func newWorld(t *testing.T, o feature.Order) (*crash.World, *rand.Rand) {
	t.Helper()
	host, broker := servers.Cassandra(t), servers.Kafka(t)[0]
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("TANDEM_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("seed %d (TANDEM_SEED changes it)", seed)
	w, err := crash.NewWorld(t.Context(), broker, host, t.TempDir(), seed, o)
	must(t, err)
	return w, rand.New(rand.NewPCG(seed, 1))
}

// kills is how many there are to be: TANDEM_KILLS, in place of what is affordable in every run.
func kills(t *testing.T, otherwise int) int {
	t.Helper()
	text := os.Getenv("TANDEM_KILLS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

func names(points []crash.Point) (list []string) {
	for _, p := range points {
		list = append(list, string(p))
	}
	return list
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
