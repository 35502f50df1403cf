package stagetest

import (
	"slices"

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
