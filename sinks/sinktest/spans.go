package sinktest

import (
	"fmt"
	"math"
	"slices"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func everySpanOnce(f *fixture) {
	s := rowgen.Timed(f.order)
	x := f.open(s)
	want := map[*feature.Lane][]feature.Span{}
	seed := f.seed(21)
	for p := range int32(3) {
		lane, g := x.lane(at(p)), f.gen(s, seed, p)
		g.Spans = 3
		for i, rows := range batches(g, p, 7, 30) {
			x.write(lane, rows)
			want[lane] = append(want[lane], rows.Spans...)
			if i == 4 {
				x.flush()
			}
		}
	}
	x.flush()
	for lane, spans := range want {
		x.reportedExactly(lane, spans)
	}
	x.flush() // nothing is left to say
	x.close()
	for lane, spans := range want {
		x.reportedExactly(lane, spans)
	}
}

func (x *session) reportedExactly(lane *feature.Lane, want []feature.Span) {
	x.Helper()
	var got []feature.Span
	for _, s := range x.reported(lane) {
		got = append(got, s.Span)
	}
	if !slices.Equal(got, want) {
		x.Errorf("partition %d: reported %v, want %v", lane.Partition, got, want)
	}
}

// spansWithoutRows sends what transactions and filters leave behind: spans that
// hold no records, batches of them alone, and a batch of nothing.
func spansWithoutRows(f *fixture) {
	s := rowgen.Timed(f.order)
	x := f.open(s)
	lane, m := x.lane(at(0)), newModel(s, f.target.Store())

	first := rowgen.Batch(s, at(0), rowgen.Row{Offset: 0, Key: "a", Time: 1_000, Value: 1})
	empty := rowgen.NewBuilder(s, at(0), 1)
	empty.Cut(5)
	empty.Cut(9)
	mixed := rowgen.NewBuilder(s, at(0), 9)
	mixed.Cut(20)
	mixed.Add(feature.Record{Offset: 20, Timestamp: 2_000}, feature.Upsert, "b", int64(2_000), int64(2))
	mixed.Cut(30)
	mixed.Cut(40)
	nothing := rowgen.NewBuilder(s, at(0), 40)

	for _, rows := range []*feature.Rows{first, empty.Rows(), mixed.Rows(), nothing.Rows()} {
		x.write(lane, rows)
		m.add(rows)
	}
	x.flush()
	x.reportedExactly(lane, []feature.Span{{From: 0, To: 1}, {From: 1, To: 5}, {From: 5, To: 9}, {From: 9, To: 20}, {From: 20, To: 30}, {From: 30, To: 40}})
	f.holds(m)
}

// droppedRows has rows dropped for every reason, at this store, at the other,
// and at both.
func droppedRows(f *fixture) {
	s := rowgen.Realistic(f.order)
	x := f.open(s)
	lane, m := x.lane(at(0)), newModel(s, f.target.Store())
	reasons := []feature.Outcome{feature.Duplicate, feature.Superseded, feature.Late, feature.Filtered, feature.Dead, feature.OtherGroup, feature.FarFuture}
	want := feature.Tally{}
	for _, rows := range batches(f.gen(s, f.seed(22), 0), 0, 4, 120) {
		for i := range rows.Len() {
			why := reasons[i%len(reasons)]
			switch i % 4 {
			case 0:
				rows.Drop(i, why, f.target.Store())
				want.Count(why)
			case 1:
				rows.Drop(i, why)
				want.Count(why)
			case 2:
				rows.Drop(i, why, 1-f.target.Store())
			}
		}
		x.write(lane, rows)
		m.add(rows)
	}
	from := int64(1 << 20)
	x.write(lane, undecoded(s, from))
	want.Count(feature.Dead)
	x.flush()
	f.holds(m)
	if total := x.total(lane); total.Read != 4*120+1 || total.Dead != want.Dead || total.Filtered != want.Filtered || total.Reasons != want.Reasons || total.Duplicate < want.Duplicate {
		f.Errorf("counted %+v, want at least %+v of %d read", total, want, 4*120+1)
	}
}

// sentWhenAndWhere has records of any timestamp or none, and rows that follow those that were for one store only.
func sentWhenAndWhere(f *fixture) {
	s := rowgen.Timed(f.order)
	x := f.open(s)
	lane, m := x.lane(at(0)), newModel(s, f.target.Store())
	offset := int64(0)
	batch := func(key string, sent int64, only bool) {
		b := rowgen.NewBuilder(s, at(0), offset)
		b.Add(feature.Record{Offset: offset, Timestamp: sent}, feature.Upsert, key, offset+1, offset)
		offset++
		rows := b.Rows()
		if only {
			rows.Drop(0, feature.Unwanted, 1-f.target.Store())
		}
		x.write(lane, rows)
		m.add(rows)
	}
	for _, sent := range []int64{feature.NoTime, 0, 1, 1_767_225_600_123, 253_402_300_799_999, 253_402_300_800_000, math.MaxInt64, math.MinInt64} {
		batch(fmt.Sprintf("sent at %d", sent), sent, false)
		batch("sent again", sent, false)
	}
	for _, only := range []bool{false, true, true, false, true} {
		batch("goes to one store and to both", 1, only)
		batch(fmt.Sprintf("only: %t, at %d", only, offset), 2, only)
		x.flush()
		f.holds(m)
	}
}

// undecoded is a batch of a replayed record and one that gave no row: nulls stand in every column.
func undecoded(s *feature.Schema, from int64) *feature.Rows {
	b := rowgen.NewBuilder(s, at(0), from)
	b.AddPlaceholder(feature.Record{Offset: from, Timestamp: 1}, feature.Replayed)
	b.AddPlaceholder(feature.Record{Offset: from + 1, Timestamp: 1}, feature.Dead)
	return b.Rows()
}

// talliesBalance sums each span, and offline compares the sum with the table.
func talliesBalance(f *fixture) {
	s := rowgen.Timed(f.order)
	x := f.open(s)
	seed := f.seed(23)
	sum, sent := feature.Tally{}, int64(0)
	for p := range int32(2) {
		lane, g := x.lane(at(p)), f.gen(s, seed, p)
		g.Spans, g.Times = 2, 6
		for i, rows := range batches(g, p, 6, 40) {
			x.write(lane, rows)
			sent += int64(rows.Len())
			if i%2 == 0 {
				x.flush()
			}
		}
		x.flush()
		for _, span := range x.reported(lane) {
			if !span.Balanced() || span.Read != 20 {
				f.Errorf("span %v: %+v does not balance at 20", span.Span, span.Tally)
			}
		}
		sum.Add(x.total(lane))
	}
	if sum.Read != sent {
		f.Errorf("read %d of %d rows", sum.Read, sent)
	}
	stored := int64(len(f.scan(s)))
	if f.target.Store() == feature.Offline && stored != sum.Written-sum.Replaced {
		f.Errorf("%d rows in the store, but %d written and %d of those replaced", stored, sum.Written, sum.Replaced)
	}
}

func (x *session) total(lane *feature.Lane) feature.Tally {
	var t feature.Tally
	for _, s := range x.reported(lane) {
		t.Add(s.Tally)
	}
	return t
}
