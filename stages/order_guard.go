package stages

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// OrderGuard drops rows that the online store would not keep anyway: under
// event-time order, those older than a row of their key known here. Offline
// they go on as history. It stops the graph when a lane's offsets go back,
// since every order rests on them.
//
// What it knows is bounded: beyond its window a late row goes on, and the
// online store itself keeps the newer one.
//
// Where keys stay in their partition (by log they must: feature.Group.Keys) it
// also stops the graph at a key that is seen in two, unless those are read by two
// processes.
type OrderGuard struct {
	Late LatePolicy // default Drop, with the outcome feature.Late

	// FarFuture is how far an event time may lie after its record's timestamp.
	// A row beyond it would make every true one late. Default 0: no bound. A
	// record without a timestamp isn't judged.
	FarFuture time.Duration

	// Beyond is what becomes of rows beyond FarFuture. Default Drop, with the
	// outcome feature.FarFuture. Unless it is Pass, the guard belongs before Dedup:
	// the same row may be sent again when its time has come.
	Beyond LatePolicy

	// MaxKeys is how many keys the node remembers, the last half of them for
	// certain; each takes 40 bytes. All lanes of the process share them equally.
	// Default 1048576.
	MaxKeys int

	ReadBack int // records before its start that a lane reads; default 16384; -1 for none
}

var (
	_ pipeline.Spec[*feature.Rows, *feature.Rows] = OrderGuard{}
	_ pipeline.Describer                          = OrderGuard{}
	_ pipeline.Replayer                           = OrderGuard{}
	_ pipeline.Rejecter                           = OrderGuard{}
)

// Describe passes the schema on.
func (g OrderGuard) Describe(in *feature.Schema) (*feature.Schema, error) {
	errs := []error{checkWindow(g.MaxKeys, g.ReadBack)}
	for _, p := range []LatePolicy{g.Late, g.Beyond} {
		if p > Reject {
			errs = append(errs, fmt.Errorf("unknown %v", p))
		}
	}
	if g.FarFuture < 0 {
		errs = append(errs, fmt.Errorf("FarFuture %v is negative", g.FarFuture))
	}
	if g.FarFuture > 0 && in != nil && in.Time() < 0 {
		errs = append(errs, fmt.Errorf("FarFuture %v: feature group %q declares no event time", g.FarFuture, in.Group.Name))
	}
	return in, errors.Join(errs...)
}

// Replay is the read-back.
func (g OrderGuard) Replay() int { return readBack(g.ReadBack) }

// Rejects reports whether rows may go to the dead letters.
func (g OrderGuard) Rejects() bool {
	return g.Late == Reject || g.FarFuture > 0 && g.Beyond == Reject
}

// Open makes the guard of one lane, which knows no key.
func (g OrderGuard) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	st := newGuard(g, n.Schema, n)
	st.watch = watchKeys(n, g.MaxKeys)
	if st.newest != nil {
		st.memory = joinMemory(n, g.MaxKeys)
	}
	return st, nil
}
