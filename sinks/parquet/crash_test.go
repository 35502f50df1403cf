package parquet_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tandemdata/tandem/benchmarks/crash"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

func TestMain(m *testing.M) {
	crash.Child(tap)
	os.Exit(m.Run())
}

// tap puts the points inside a commit on a child's file system.
func tap(s *parquet.Sink, f *crash.Fault) {
	s.Fail(func(op, path string) error {
		switch {
		case op == "sync" && filepath.Ext(path) == ".parquet":
			f.Reached(crash.FileUnsynced)
		case op == "create" && strings.Contains(path, "/metadata/"):
			f.Reached(crash.FileSynced)
		}
		return nil
	})
}

// The whole graph is killed in the middle of commits, on real servers.
func TestAGraphThatIsKilledInACommitChangesNothing(t *testing.T) {
	w := crash.NewTest(t, feature.ByEventTime, feature.KeysStay)
	w.Member = "one" // comes back at once
	for range 2 {
		for _, point := range crash.FilePoints {
			// The first commits make the table.
			w.KillAt(point, 3+w.Random.Int32N(8))
		}
	}
	w.Settle()
}

// A process that sleeps in the middle of a commit, longer than its session, wakes up to finish a commit of rows that
// another has committed by then. It is refused, and says so.
func TestAGraphThatSleepsInACommitIsRefused(t *testing.T) {
	w := crash.NewTest(t, feature.ByEventTime, feature.KeysStay)
	asleep := w.Job
	asleep.Fault = crash.Fault{Point: crash.FileSynced, Pass: 10, Do: syscall.SIGSTOP}
	zombie := w.Start(asleep)
	w.Said(zombie, string(crash.FileSynced), 1)
	other := w.Start(w.Job)
	w.Held(1)
	w.CaughtUp()
	w.Must(zombie.Continue())
	w.Said(zombie, crash.Dropped, 1)
	w.Held(2)
	w.CaughtUp()
	w.Must(zombie.Leave())
	w.Must(other.Leave())
	w.Settle()
}
