package sinktest

import (
	"slices"
	"sync"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest/rowmodel"
)

func emptyStore(f *fixture) {
	s := rowgen.Timed(f.order)
	x := f.open(s)
	x.flush()
	f.holds(newModel(s, f.target.Store()))
	x.close()
	f.holds(newModel(s, f.target.Store()))
}

// durableWhenItSaysSo scans after each write, after a flush, and after a close
// without one: what was reported is there each time, whatever else is.
func durableWhenItSaysSo(f *fixture) {
	s := rowgen.Realistic(f.order)
	x := f.open(s)
	c := claims{f, s, x, map[*feature.Lane][]*feature.Rows{}}
	lanes := []*feature.Lane{x.lane(at(0)), x.lane(at(1))}
	all := [][]*feature.Rows{}
	for p := range lanes {
		all = append(all, batches(f.gen(s, f.seed(11), int32(p)), int32(p), 6, 50))
	}
	for k := range 6 {
		for p, lane := range lanes {
			c.sent[lane] = append(c.sent[lane], all[p][k])
			x.write(lane, all[p][k])
			c.check("after a write")
		}
		if k == 3 {
			x.flush()
			for lane, sent := range c.sent {
				if got, want := len(x.reported(lane)), len(sent); got != want {
					f.Errorf("flush reported %d spans of %d", got, want)
				}
			}
			c.check("after a flush")
		}
	}
	x.close()
	c.check("after a close without a flush")
	f.open(s)
	c.check("after it was opened again")
}

// claims compares what a session has reported with what the store holds.
type claims struct {
	*fixture
	schema *feature.Schema
	x      *session
	sent   map[*feature.Lane][]*feature.Rows
}

// check fails on a row that was reported and isn't there, and on one that was
// never sent. Rows not yet reported may be there or not.
func (c claims) check(when string) {
	c.Helper()
	store := c.target.Store()
	all, reported := newModel(c.schema, store), newModel(c.schema, store)
	for lane, sent := range c.sent {
		to := int64(-1) // read before the scan: the scan may see more
		if done := c.x.reported(lane); len(done) > 0 {
			to = done[len(done)-1].To
		}
		for _, rows := range sent {
			all.add(rows)
			reported.addBefore(rows, to)
		}
	}
	got := c.scan(c.schema)
	diffs := unsent(all, got)
	for id, promised := range reported.Kept {
		row, there := got[id]
		if !there && promised.Version.Delete && store == feature.Online {
			continue
		}
		if !there && !deletedLater(all, id, promised) {
			diffs = append(diffs, "reported, but missing: "+rowmodel.Describe(c.schema, promised))
		}
		if there && rowmodel.Newer(c.schema.Group.Order, promised.Version, row.Version) {
			diffs = append(diffs, "reported, but the store has an older row: "+rowmodel.DescribeTwo(c.schema, promised, row))
		}
	}
	report(c, when, diffs)
}

// deletedLater reports whether a delete that was sent explains a row's absence.
func deletedLater(all *model, id string, row feature.Stored) bool {
	return all.Store == feature.Online && slices.ContainsFunc(all.Sent[id], func(s feature.Stored) bool {
		return s.Version.Delete && rowmodel.Newer(all.Schema.Group.Order, s.Version, row.Version)
	})
}

// unsent lists stored rows that are not, to the bit, one of the rows sent.
func unsent(all *model, got map[string]feature.Stored) []string {
	var diffs []string
	for id, row := range got {
		if !slices.ContainsFunc(all.Sent[id], func(s feature.Stored) bool { return rowmodel.Same(s, row) }) {
			diffs = append(diffs, "no such row was sent: "+rowmodel.Describe(all.Schema, row))
		}
	}
	return diffs
}

// closeWhileWriting closes under a writing lane: nothing hangs, and what was
// reported by then is there.
func closeWhileWriting(f *fixture) {
	s := rowgen.Timed(f.order)
	x := f.open(s)
	lane := x.lane(at(0))
	sent := batches(f.gen(s, f.seed(12), 0), 0, 30, 20)
	var writing sync.WaitGroup
	started := make(chan struct{})
	writing.Go(func() {
		for i, rows := range sent {
			if i == 10 {
				close(started)
			}
			if x.writer.Write(f.Context(), lane, copyOf(rows)) != nil && i > 10 {
				return // a closed sink may say so
			}
		}
	})
	<-started
	x.close()
	writing.Wait()
	claims{f, s, x, map[*feature.Lane][]*feature.Rows{lane: sent}}.check("after a close while writing")
}
