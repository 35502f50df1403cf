package crash

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Test is a world of one test's own. Its methods belong to the test's goroutine, and fail the test when they can't do
// what they say.
type Test struct {
	*World
	Random *rand.Rand
	t      testing.TB
}

// NewTest makes a world on the servers that tests share, or skips the test and says how to run it.
func NewTest(t testing.TB, o feature.Order, keys feature.Placement) *Test {
	t.Helper()
	return NewTestOn(t, servers.Kafka(t)[0], servers.Cassandra(t), o, keys)
}

// NewTestOn makes a world on the given servers.
func NewTestOn(t testing.TB, broker, host string, o feature.Order, keys feature.Placement) *Test {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("TANDEM_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("seed %d (TANDEM_SEED changes it)", seed)
	w, err := NewWorld(t.Context(), broker, host, t.TempDir(), seed, o, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Close()
		if t.Failed() {
			t.Log(w.Logs())
		}
	})
	return &Test{w, rand.New(rand.NewPCG(seed, 1)), t}
}

// Start is World.Start. The child is killed at the end of the test, if not before.
func (t *Test) Start(j Job) *Process {
	t.t.Helper()
	p, err := t.World.Start(j)
	t.Must(err)
	t.t.Cleanup(p.Kill)
	return p
}

// Held is World.Held.
func (t *Test) Held(by int) {
	t.t.Helper()
	t.Must(t.World.Held(t.t.Context(), by))
}

// CaughtUp is World.CaughtUp.
func (t *Test) CaughtUp() {
	t.t.Helper()
	t.Must(t.World.CaughtUp(t.t.Context()))
}

// Said is World.Said.
func (t *Test) Said(p *Process, text string, times int) {
	t.t.Helper()
	t.Must(t.World.Said(t.t.Context(), p, text, times))
}

// AtWork is World.AtWork.
func (t *Test) AtWork() {
	t.t.Helper()
	t.Must(t.World.AtWork(t.t.Context()))
}

// KillAt is World.KillAt.
func (t *Test) KillAt(p Point, pass int32) {
	t.t.Helper()
	t.Must(t.World.KillAt(t.t.Context(), p, pass))
}

// KillAfter is World.KillAfter.
func (t *Test) KillAfter(c *Process, d time.Duration) {
	t.t.Helper()
	t.Must(t.World.KillAfter(t.t.Context(), c, d))
}

// Produce is World.Produce.
func (t *Test) Produce(n int) {
	t.t.Helper()
	t.Must(t.World.Produce(t.t.Context(), n))
}

// Settle is World.Settle.
func (t *Test) Settle() {
	t.t.Helper()
	t.Must(t.World.Settle(t.t.Context()))
}

// Watch is World.Watch, until the end of the test: from then on nothing that a reader sees may be wrong.
func (t *Test) Watch(pause time.Duration) {
	t.t.Helper()
	stop, err := t.World.Watch(context.Background(), pause)
	t.Must(err)
	t.t.Cleanup(func() {
		looks, err := stop()
		if err != nil {
			t.t.Errorf("after %d looks: %v", looks, err)
		}
		t.t.Logf("looks at both stores meanwhile: %d", looks)
	})
}

// Must ends the test with an error.
func (t *Test) Must(err error) {
	t.t.Helper()
	if err != nil {
		t.t.Fatal(err)
	}
}
