package stagetest

import (
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// replayed: what was durable before the lane opened isn't written or rejected again.
func (s scene[In, Out]) replayed() {
	list := s.batches(0)
	batches, start := half(list)
	n := s.node()
	d := s.open(n, 0, start)
	for _, in := range replay(list[:batches], start) {
		d.give(in)
	}
	for _, b := range d.end() {
		if rows, ok := any(b).(*feature.Rows); ok {
			for i := range rows.Len() {
				if rows.Pending(i) {
					s.Fatalf("the replayed row at offset %d is pending now", rows.Records[i].Offset)
				}
			}
		}
	}
	if len(n.rejects) > 0 {
		s.Errorf("replayed records at %v were rejected again", n.rejects)
	}
}

// stateComesBack: with the replay that it asks for, a stage of a lane that opens
// in the middle gives the same rows as one that was there from the start. One that
// asks for none has no state.
func (s scene[In, Out]) stateComesBack() {
	list := s.batches(0)
	batches, start := half(list)
	whole := s.run(s.batches(0))
	var want []string
	for _, l := range lines(whole) {
		if at(l) >= start {
			want = append(want, l)
		}
	}
	back := 0
	if r, ok := s.Spec.(pipeline.Replayer); ok {
		back = r.Replay()
	}
	from := batches
	for records := 0; from > 0 && records < back; from-- {
		records += len(recordsOf(list[from-1]))
	}
	d := s.open(s.node(), 0, start)
	for _, in := range replay(list[from:], start) {
		d.give(in)
	}
	var got []string
	for _, l := range lines(d.end()) {
		if at(l) >= start {
			got = append(got, l)
		}
	}
	s.same(want, got, "in a lane that opens in the middle")
}

// lanesApart: two lanes in turns give what each gives alone.
func (s scene[In, Out]) lanesApart() {
	n := s.node()
	lanes := []*driver[In, Out]{s.open(n, 0, 0), s.open(n, 1, 0)}
	given := [][]In{s.batches(0), s.batches(1)}
	for i := range max(len(given[0]), len(given[1])) {
		for p, l := range lanes {
			if i < len(given[p]) {
				l.give(given[p][i])
			}
		}
	}
	for p, l := range lanes {
		s.same(lines(s.run(s.batches(int32(p)))), lines(l.end()), "beside another lane")
	}
}

// branchesApart: two nodes at work on one batch at a time give what each gives
// alone; the race detector sees the rest.
func (s scene[In, Out]) branchesApart() {
	want := lines(s.run(s.batches(0)))
	branches := []*driver[In, Out]{s.open(s.node(), 0, 0), s.open(s.node(), 0, 0)}
	for _, in := range s.batches(0) {
		var wg sync.WaitGroup
		for _, b := range branches {
			forked := fork(in)
			wg.Go(func() { b.give(forked) })
		}
		wg.Wait()
	}
	for _, b := range branches {
		s.same(want, lines(b.end()), "beside another branch")
	}
}
