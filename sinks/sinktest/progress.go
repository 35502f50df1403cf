package sinktest

import (
	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// progressGoesWithRows: what a Keeper says of a partition is what a reader sees
// of it, at any time, and never goes back.
func progressGoesWithRows(f *fixture) {
	s := rowgen.Timed(f.order)
	x := f.open(s)
	keeper, ok := x.writer.(pipeline.ProgressStore)
	if !ok {
		f.Log("the sink keeps no progress")
		return
	}
	if p, found, err := keeper.Progress(f.Context(), topicName, 0); found || err != nil {
		f.Fatalf("an empty store has progress %+v (%v)", p, err)
	}
	k := kept{f, s, map[int32][]*feature.Rows{}, map[int32]int64{}}
	seed := f.seed(61)
	lanes := []*feature.Lane{x.lane(at(0)), x.lane(at(1))}
	queues := [][]*feature.Rows{batches(f.gen(s, seed, 0), 0, 6, 25), batches(f.gen(s, seed, 1), 1, 6, 25)}
	for i := range 6 {
		for p, lane := range lanes {
			k.sent[int32(p)] = append(k.sent[int32(p)], queues[p][i])
			x.write(lane, queues[p][i])
			k.check(keeper)
		}
		if i == 2 {
			x.flush()
			k.check(keeper)
			k.complete()
		}
	}
	x.close()
	again := f.open(s)
	k.check(again.writer.(pipeline.ProgressStore))
	k.resume(again)
}

// kept compares a Keeper's progress with the rows in its store.
type kept struct {
	*fixture
	schema *feature.Schema
	sent   map[int32][]*feature.Rows
	next   map[int32]int64
}

// check fails unless the rows visible are those before each partition's next
// offset. Nothing commits meanwhile on its own, or it does so with its rows.
func (k kept) check(keeper pipeline.ProgressStore) {
	k.Helper()
	m := newModel(k.schema, k.target.Store())
	for p, sent := range k.sent {
		progress, found, err := keeper.Progress(k.Context(), topicName, p)
		if err != nil {
			k.Fatalf("progress: %v", err)
		}
		next := progress.Sinks[nodeName].Next
		if next < k.next[p] {
			k.Errorf("partition %d went back from %d to %d", p, k.next[p], next)
		}
		if found && (progress.TopicID != topicID || progress.Counted != next) {
			k.Errorf("partition %d: progress %+v, want the topic's id and all before %d counted", p, progress, next)
		}
		k.next[p] = next
		read := int64(0)
		for _, rows := range sent {
			m.addBefore(rows, next)
			for _, span := range rows.Tally(k.target.Store()) {
				if span.To <= next {
					read += span.Read
				}
			}
		}
		if t := progress.Sinks[nodeName].Tally; t.Read != read || !t.Balanced() {
			k.Errorf("partition %d at %d: tally %+v, want %d read", p, next, t, read)
		}
	}
	k.holds(m)
}

// complete fails unless all that was sent is in the progress.
func (k kept) complete() {
	k.Helper()
	for p, sent := range k.sent {
		if want := sent[len(sent)-1].Span().To; k.next[p] != want {
			k.Errorf("partition %d: progress at %d after a flush, want %d", p, k.next[p], want)
		}
	}
}

// resume sends what the store doesn't hold yet, as a restarted graph does.
func (k kept) resume(x *session) {
	for p, sent := range k.sent {
		lane := x.lane(at(p))
		for _, rows := range sent {
			if rows.Span().From >= lane.Start {
				x.write(lane, rows)
			}
		}
	}
	x.flush()
	k.check(x.writer.(pipeline.ProgressStore))
	k.complete()
}
