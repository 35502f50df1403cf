package sinktest

import (
	"sync"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// identityOnce rewrites few identities over many commits, with and without an
// event time in the identity. A scan fails on twins.
func identityOnce(f *fixture) {
	schemas := []*feature.Schema{rowgen.Timed(f.order)}
	if f.order == feature.ByLog {
		schemas = append(schemas, rowgen.Plain())
	}
	seed := f.seed(51)
	for _, s := range schemas {
		x, m := f.open(s), newModel(s, f.target.Store())
		for p := range int32(2) {
			lane, g := x.lane(at(p)), f.gen(s, seed, p)
			g.Keys, g.Times, g.Deletes = 6, 3, 20
			for _, rows := range batches(g, p, 6, 15) {
				x.write(lane, rows)
				m.add(rows)
				x.flush()
				f.holds(m)
			}
		}
		x.close()
	}
}

// nothingTorn reads while several lanes overwrite the same few keys: whatever a
// reader sees is one of the rows sent, all of it.
func nothingTorn(f *fixture) {
	s := rowgen.Realistic(f.order)
	x, m := f.open(s), newModel(s, f.target.Store())
	seed := f.seed(52)
	var writing sync.WaitGroup
	done := make(chan struct{})
	for p := range int32(3) {
		g := f.gen(s, seed, p)
		g.Keys, g.Times = 5, 4
		lane, sent := x.lane(at(p)), batches(g, p, 12, 20)
		for _, rows := range sent {
			m.add(rows)
		}
		writing.Go(func() { x.stream(lane, sent, 3) })
	}
	go func() { writing.Wait(); close(done) }()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		report(f, "a reader saw", unsent(m, f.scan(s)))
	}
	x.flush()
	f.holds(m)
}

// stream writes a lane from a goroutine of its own, and flushes after every few batches.
func (x *session) stream(lane *feature.Lane, sent []*feature.Rows, flushEvery int) {
	for i, rows := range sent {
		c := copyOf(rows)
		err := x.try(lane, c)
		spoil(c)
		if err == nil && i%flushEvery == 0 {
			err = persist(x.Context(), func() error { return x.writer.Flush(x.Context()) })
		}
		if err != nil {
			x.Errorf("batch %d of partition %d: %v", i, lane.Partition, err)
			return
		}
	}
}

// sideBySide writes lanes at the same time, with flushes from each of them.
func sideBySide(f *fixture) {
	s := rowgen.Realistic(f.order)
	x, m := f.open(s), newModel(s, f.target.Store())
	seed := f.seed(53)
	var writing sync.WaitGroup
	for p := range int32(6) {
		g := f.gen(s, seed, p)
		g.Times, g.Deletes = 9, 15
		lane, sent := x.lane(at(p)), batches(g, p, 15, 20)
		for _, rows := range sent {
			m.add(rows)
		}
		writing.Go(func() { x.stream(lane, sent, 5) })
	}
	writing.Wait()
	x.flush()
	f.holds(m)
	x.close()
	f.holds(m)
}

// extremes sends every type with the values that stores get wrong: NaNs of all
// payloads, negative zero, the ends of each range, empty and long strings, and
// lists that are null, empty, or hold nulls.
func extremes(f *fixture) {
	refuses := limits(f.target).CheckRows
	s := rowgen.EveryType(f.order, func(c feature.Field) bool { return !refuses(c) })
	for _, c := range rowgen.EveryType(f.order, nil).Fields {
		if refuses(c) {
			f.Logf("not tested: the store refuses %v", c)
		}
	}
	x, m := f.open(s), newModel(s, f.target.Store())
	g := f.gen(s, f.seed(54), 0)
	g.Extremes, g.Keys = true, 400
	lane := x.lane(at(0))
	for _, rows := range batches(g, 0, 6, 100) {
		x.write(lane, rows)
		m.add(rows)
	}
	x.flush()
	f.holds(m)
	x.close()
	f.holds(m)
}

// rowsLeftAlone checks that a sink changes nothing of a batch but outcomes: the
// other branches of a graph share the rest.
func rowsLeftAlone(f *fixture) {
	s := rowgen.EveryType(f.order, func(c feature.Field) bool { return !limits(f.target).CheckRows(c) })
	x := f.open(s)
	lane := x.lane(at(0))
	for _, rows := range batches(f.gen(s, f.seed(55), 0), 0, 2, 50) {
		other := 1 - f.target.Store()
		c := copyOf(rows)
		if err := x.try(lane, c); err != nil {
			f.Fatalf("write: %v", err)
		}
		for i := range rows.Len() {
			if string(c.AppendContent(nil, i)) != string(rows.AppendContent(nil, i)) || c.Version(i) != rows.Version(i) {
				f.Fatalf("row %d was changed by the sink", i)
			}
			if c.Outcomes[other][i] != feature.Pending {
				f.Fatalf("row %d was marked %v at the other store", i, c.Outcomes[other][i])
			}
		}
	}
}
