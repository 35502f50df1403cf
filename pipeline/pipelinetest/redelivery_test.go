package pipelinetest_test

import (
	"fmt"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
)

// Whatever comes again inside the graph, because a stage panics, a publisher or
// a middleware fails or a sink's answer is lost, is not taken for a duplicate of
// itself, nor late against itself.
func TestNoRowIsTakenForItsOwnDuplicate(t *testing.T) {
	all := faults{}
	list := seeds(t, 30)
	for _, seed := range list {
		w := newWorld(t, seed, orders[seed%2], &memstore.Sink{HoldRows: int(seed % 7)}, &memstore.Sink{For: feature.Offline, HoldRows: int(seed % 40)})
		w.faults = all
		w.send(0)
		const n, dead = 120, 20
		for i := range n {
			w.sendRow(int32(i%2), fmt.Sprintf("key-%d", i%(2*w.keys)), int64(i), 99) // each one newer than the one before
		}
		for i := range dead {
			w.sendRow(int32(i%2), "dead", 0, w.deletes)
		}
		trap := w.trap()
		for _, p := range points {
			for pass := range 30 {
				if w.rand.IntN(4) == 0 {
					trap.arm(p, pass, kinds[1+2*w.rand.IntN(2)]) // a refusal or a panic
				}
			}
		}
		c := random(w.rand)
		c.MaxBatch = 1 + w.rand.IntN(10)
		w.run(c, trap)
		w.holds()
		for p := range w.partitions {
			held, _, err := w.keeper.Progress(t.Context(), "rows", int32(p))
			if err != nil {
				t.Fatal(err)
			}
			for name, s := range held.Sinks {
				if s.Tally.Duplicate+s.Tally.Late > 0 || s.Tally.Written+s.Tally.Superseded+s.Tally.Dead != (n+dead)/2 {
					t.Fatalf("seed %d, %v: %s counts %+v", seed, c, name, s.Tally)
				}
			}
		}
	}
	if len(list) > 1 {
		for _, p := range points {
			all.fired(t, "refusal "+p, "panic "+p)
		}
	}
}
