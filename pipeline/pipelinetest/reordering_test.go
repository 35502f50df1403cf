package pipelinetest_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
)

// step is a row of a key at a time.
type step struct{ key, at int }

// disorders are ways in which the rows of a log lie apart from their event times.
var disorders = map[string]func(*world, []step){
	"within a key": func(w *world, list []step) { // keys take turns, each in an order of its own
		w.shuffle(list)
		turn, turns := map[step]int{}, map[int]int{}
		for _, s := range list {
			turn[s] = turns[s.key]
			turns[s.key]++
		}
		slices.SortStableFunc(list, func(a, b step) int { return cmp.Or(turn[a]-turn[b], a.key-b.key) })
	},
	"across keys": func(_ *world, list []step) { // each key in order, one key after the other
		slices.SortFunc(list, func(a, b step) int { return cmp.Or(a.key-b.key, a.at-b.at) })
	},
	"within and across keys": func(w *world, list []step) { w.shuffle(list) },
	"backwards": func(_ *world, list []step) {
		slices.SortFunc(list, func(a, b step) int { return cmp.Or(b.at-a.at, a.key-b.key) })
	},
}

func (w *world) shuffle(list []step) {
	w.rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// However the rows lie in the log, by event time the latest of a key is the one
// online, and by log the last; what comes too late is history, and once only.
func TestRowsOutOfEventTimeOrderEndAsTheOrderSays(t *testing.T) {
	for name, disorder := range disorders {
		for _, o := range orders {
			t.Run(fmt.Sprintf("%s, by %v", name, o), func(t *testing.T) {
				for i, seed := range seeds(t, 12) {
					online, offline := target(&memstore.Sink{}), target(&memstore.Sink{For: feature.Offline})
					c := config{MaxBatch: 17, Dedup: 5, Guard: 5, CommitRows: 50, ToFile: 100, CommitEvery: 1}
					if i == 0 {
						online, offline = onDisk(t, c)
					}
					w := newWorld(t, seed, o, online, offline)
					w.disordered(c, name, disorder)
				}
			})
		}
	}
}

// disordered reads a disordered log, first to its middle and then to its end,
// so that rows come late for what is in the stores too.
func (w *world) disordered(c config, name string, disorder func(*world, []step)) {
	w.Helper()
	var list []step
	for key := range w.keys {
		for at := range w.times {
			list = append(list, step{key, at})
		}
	}
	disorder(w, list)
	w.send(0) // makes the topic
	for i, s := range list {
		if i == len(list)/2 {
			w.run(c, w.trap())
			w.holds()
		}
		w.sendRow(w.partitionOf(s.key), fmt.Sprintf("key-%d", s.key), int64(s.at), w.rand.IntN(100))
	}
	w.run(c, w.trap())
	w.holds()
	within, across := inversions(list)
	if across == 0 || (within > 0) != (name != "across keys") {
		w.Errorf("%d rows lie after a later one of their key, and %d after one of another: that is not %s", within, across, name)
	}
}

// inversions counts rows that lie after a later one of the same key, and after
// a later one of another key.
func inversions(list []step) (within, across int) {
	for i, s := range list {
		before := list[:i]
		if slices.ContainsFunc(before, func(b step) bool { return b.key == s.key && b.at > s.at }) {
			within++
		}
		if slices.ContainsFunc(before, func(b step) bool { return b.key != s.key && b.at > s.at }) {
			across++
		}
	}
	return within, across
}
