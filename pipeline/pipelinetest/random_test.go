package pipelinetest_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// retried tries twice more by itself, as Watermill's Retry does, so that a node
// answers the same message again at once.
func retried(next message.HandlerFunc) message.HandlerFunc {
	return func(m *message.Message) (out []*message.Message, err error) {
		for range 3 {
			if out, err = next(m); err == nil || !pipeline.IsTransient(err) {
				break
			}
		}
		return out, err
	}
}

var orders = []feature.Order{feature.ByLog, feature.ByEventTime}

// Whatever the batch sizes, the lanes, the delays, the windows and the faults
// are, the stores are what the log makes of them, and no reader sees them go back.
func TestAnyConfigurationAndAnyFaultGiveTheSameStores(t *testing.T) {
	anyConfigurations(t, 60, func(_ testing.TB, r *rand.Rand, _ config) (target, target) { return inMemory(r) })
}

func TestAnyConfigurationAndAnyFaultGiveTheSameFiles(t *testing.T) {
	anyConfigurations(t, 28, func(t testing.TB, _ *rand.Rand, c config) (target, target) { return onDisk(t, c) })
}

func anyConfigurations(t *testing.T, n int, open func(testing.TB, *rand.Rand, config) (online, offline target)) {
	all := faults{}
	list := seeds(t, n)
	for _, seed := range list {
		anyConfiguration(t, seed, all, open)
	}
	if len(list) < len(points)*len(kinds) {
		return // a replay
	}
	all.fired(t, "raised epoch", "watched", "a duplicate by log where keys stay", "a duplicate by event-time where keys stay")
	if n := all["a duplicate by event-time where keys move"]; n > 0 {
		t.Errorf("%d rows were dropped for their content though keys move", n)
	}
	for _, p := range points {
		for _, k := range kinds {
			all.fired(t, k.name+" "+p)
		}
	}
}

// anyConfiguration hurts a graph once in its first session, by what the seed
// says, so that as many seeds as there are kinds and points try them all, and as
// chance has it in those that follow.
func anyConfiguration(t *testing.T, seed uint64, all faults, open func(testing.TB, *rand.Rand, config) (online, offline target)) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	c := random(r)
	online, offline := open(t, r, c)
	w := newWorld(t, seed, orders[r.IntN(2)], online, offline)
	w.faults = all
	w.partitions, w.keys, w.times = 1+r.IntN(4), 1+r.IntN(20), 1+r.IntN(20)
	look := w.oracle().Watcher()
	for session := range 2 + r.IntN(4) {
		w.send(1 + r.IntN(200))
		trap := w.trap()
		switch {
		case session == 0:
			w.sendRow(0, "key-0", 0, w.deletes) // one dead letter
			trap.arm(points[seed%uint64(len(points))], 0, kinds[seed/uint64(len(points))%uint64(len(kinds))])
		case session == 1 && seed%3 == 0:
			w.raise()
			all["raised epoch"]++
		}
		for range min(session, 1) * r.IntN(6) {
			trap.arm(points[r.IntN(len(points))], r.IntN(30), kinds[r.IntN(len(kinds))])
		}
		stop := w.oracle().Watch(context.Background(), time.Millisecond)
		w.run(c, trap)
		looks, err := stop()
		if err == nil {
			err = look.Look(t.Context())
		}
		if err != nil {
			t.Fatalf("seed %d: by %v, %v: %v", seed, w.schema.Group.Order, c, err)
		}
		all["watched"] += looks
		c = random(r) // what is stored doesn't depend on how the rows got there
	}
	if w.run(c, w.trap()) {
		t.Fatalf("seed %d: a crash that nobody asked for", seed)
	}
	if err := w.oracle().Check(t.Context()); err != nil {
		t.Fatalf("seed %d: by %v, last %v: %v", seed, w.schema.Group.Order, c, err)
	}
}
