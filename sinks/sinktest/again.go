package sinktest

import (
	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// rewriting sends each batch twice in one session, all of them again in the
// next, and only old ones in a third.
func rewriting(f *fixture) {
	s := rowgen.Realistic(f.order)
	m := newModel(s, f.target.Store())
	seed := f.seed(41)
	all := map[int32][]*feature.Rows{}
	for p := range int32(2) {
		g := f.gen(s, seed, p)
		g.Times, g.Deletes = 7, 20
		all[p] = batches(g, p, 6, 30)
		for _, rows := range all[p] {
			m.add(rows)
		}
	}
	f.rewrite(s, all, 0, 6, (*session).writeTwice)
	f.holds(m)
	f.rewrite(s, all, 0, 6, (*session).write)
	f.holds(m)
	f.rewrite(s, all, 1, 4, (*session).writeTwice)
	f.holds(m)
}

// rewrite is a session that sends batches of every partition. Another sink of
// the graph is behind, so that the lanes begin at the beginning again.
func (f *fixture) rewrite(s *feature.Schema, all map[int32][]*feature.Rows, from, to int, write func(*session, *feature.Lane, *feature.Rows)) {
	f.Helper()
	x := f.open(s)
	for p, list := range all {
		lane := x.lane(at(p), "behind")
		for i, rows := range list[from:to] {
			write(x, lane, rows)
			if i == 2 {
				x.flush()
			}
		}
	}
	x.flush()
	x.close()
}

// raisedEpoch begins the log again at offset 0 in a new life of the topic.
func raisedEpoch(f *fixture) {
	s := rowgen.Timed(f.order)
	first := rowgen.Batch(s, at(0),
		rowgen.Row{Offset: 500, Key: "a", Time: 5_000, Value: 1},
		rowgen.Row{Offset: 501, Key: "b", Time: 5_000, Value: 2},
		rowgen.Row{Offset: 502, Key: "c", Time: 5_000, Value: 3})
	second := rowgen.Batch(s, feature.TopicPartition{Topic: topicName, Epoch: 1},
		rowgen.Row{Offset: 0, Key: "a", Time: 5_000, Value: 10},
		rowgen.Row{Offset: 1, Key: "b", Time: 5_000, Op: feature.Delete})
	m := newModel(s, f.target.Store())
	m.add(first)
	m.add(second)
	for _, rows := range []*feature.Rows{first, second} {
		x := f.open(s)
		x.write(x.lane(rows.TopicPartition), rows)
		x.flush()
		x.close()
	}
	f.holds(m)
}

// zombie lets an older writer finish after its successor has taken the lane
// over: it may be told that it lost, but the store stays as it is.
func zombie(f *fixture) {
	s := rowgen.Realistic(f.order)
	g := f.gen(s, f.seed(42), 0)
	g.Times, g.Deletes = 5, 20
	sent := batches(g, 0, 3, 40)
	m := newModel(s, f.target.Store())
	old := f.open(s)
	lane := old.lane(at(0))
	old.write(lane, sent[0])

	x := f.open(s)
	taken := x.lane(at(0), "behind")
	for _, rows := range sent {
		x.write(taken, rows)
		m.add(rows)
	}
	x.flush()
	old.mayLose(old.try(lane, copyOf(sent[1])))
	old.mayLose(old.writer.Flush(f.Context()))
	f.holds(m)
	old.close()
	x.flush()
	f.holds(m)
}

// mayLose accepts that a writer finds out that the lane is no longer its own.
func (x *session) mayLose(err error) {
	x.Helper()
	if err != nil && !pipeline.IsRestart(err) {
		x.Errorf("the lane was lost to another writer, but the error is not a pipeline.Restart: %v", err)
	}
}
