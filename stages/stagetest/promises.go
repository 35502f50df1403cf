package stagetest

import (
	"slices"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// everyRecordOnce: what comes out stands for what went in, span for span and
// record for record, in batches that are whole.
func (s scene[In, Out]) everyRecordOnce() {
	in := s.batches(0)
	out := s.run(in)
	for _, b := range out {
		if rows, ok := any(b).(*feature.Rows); ok {
			if rows == nil {
				s.Fatal("emitted nil")
			}
			if err := rows.Check(); err != nil {
				s.Fatalf("emitted a batch that is not whole: %v", err)
			}
		}
	}
	if want, got := allSpans(in), allSpans(out); !slices.Equal(want, got) {
		s.Errorf("emitted the spans %v of %v", got, want)
	}
	if want, got := offsets(in), offsets(out); !slices.Equal(want, got) {
		s.Errorf("emitted the records at %v of those at %v", got, want)
	}
}

// leavesAlone: branches share columns and records.
func (s scene[In, Out]) leavesAlone() {
	in := s.batches(0)
	was := lines(in)
	var shared []In
	for _, b := range in {
		shared = append(shared, fork(b)) // outcomes are a branch's own
	}
	s.run(in)
	s.same(was, lines(shared), "another branch of the graph sees other rows")
}

// outcomesStay: only pending rows are given one, and replayed ones may load into
// no state from here on.
func (s scene[In, Out]) outcomesStay() {
	in := s.batches(0)
	for _, b := range in {
		rows, ok := any(b).(*feature.Rows)
		if !ok {
			s.Log("records have no outcomes yet")
			return
		}
		for i := range rows.Len() {
			switch i % 4 {
			case 1:
				rows.Drop(i, feature.Late, feature.Online)
			case 3:
				rows.Drop(i, feature.Duplicate)
			}
		}
	}
	was := outcomes(in)
	for at, is := range outcomes(s.run(in)) {
		for store := range is {
			if before := was[at][store]; before != feature.Pending && is[store] != before {
				s.Errorf("offset %d was %v and is %v", at, before, is[store])
			}
		}
	}
}

func outcomes[T pipeline.Batch](list []T) map[int64][2]feature.Outcome {
	all := map[int64][2]feature.Outcome{}
	for _, b := range list {
		if rows, ok := any(b).(*feature.Rows); ok {
			for i := range rows.Len() {
				all[rows.Records[i].Offset] = [2]feature.Outcome{rows.Outcomes[0][i], rows.Outcomes[1][i]}
			}
		}
	}
	return all
}

// sameAnswer: a stage that keeps no rows gives a batch that comes again the answer
// that it gave.
func (s scene[In, Out]) sameAnswer() {
	d := s.open(s.node(), 0, 0)
	if _, keeps := d.stage.(pipeline.Flusher[Out]); keeps {
		s.Log("it keeps rows: a batch that it took doesn't come again")
		return
	}
	want := lines(s.run(s.batches(0)))
	var got []string
	for _, in := range s.batches(0) {
		d.out = nil
		d.give(in)
		first := lines(d.out)
		d.out = nil
		d.give(in)
		s.same(first, lines(d.out), "the second answer for a batch")
		got = append(got, first...)
	}
	s.same(want, got, "after batches came again")
}

// failedRejects: dead letters that can't be sent have the batch come again, and
// nothing else changes; none is forgotten.
func (s scene[In, Out]) failedRejects() {
	right := s.node()
	d := s.open(right, 0, 0)
	for _, in := range s.batches(0) {
		d.give(in)
	}
	want := lines(d.end())
	if len(right.rejects) == 0 {
		s.Log("it rejected no record")
	}
	n, calls := s.node(), 0
	n.fail = func() error {
		if calls++; calls%2 == 1 {
			return errAway
		}
		return nil
	}
	d = s.open(n, 0, 0)
	for _, in := range s.batches(0) {
		d.give(in)
	}
	s.same(want, lines(d.end()), "with dead letters that fail at first")
	slices.Sort(n.rejects)
	if got := slices.Compact(n.rejects); !slices.Equal(got, right.rejects) {
		s.Errorf("rejected %v, want %v", got, right.rejects)
	}
}

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

// anyCut: batches that are joined give the same rows.
func (s scene[In, Out]) anyCut() {
	want := lines(s.run(s.batches(0)))
	var joined []In
	for i, in := range s.batches(0) {
		rows, ok := any(in).(*feature.Rows)
		if !ok {
			s.Log("records are cut by the source")
			return
		}
		if i%3 == 0 { // one batch of every three
			joined = append(joined, in)
			continue
		}
		last := any(joined[len(joined)-1]).(*feature.Rows)
		both := feature.NewRows(last.Schema, last.TopicPartition)
		both.Extend(last)
		both.Extend(rows)
		joined[len(joined)-1] = any(both).(In)
	}
	s.same(want, lines(s.run(joined)), "in batches that are cut otherwise")
}

// at is the offset that a line begins with.
func at(line string) (offset int64) {
	for _, c := range line {
		if c < '0' || c > '9' {
			return offset
		}
		offset = offset*10 + int64(c-'0')
	}
	return offset
}
