package stages

import (
	"errors"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/internal/window"
)

// twoLanes are the stages of two lanes of one node, each with its place.
func twoLanes(t *testing.T, spec pipeline.Spec[*feature.Rows, *feature.Rows], s *feature.Schema, partitions int32) [2]pipeline.Stage[*feature.Rows, *feature.Rows] {
	t.Helper()
	n := (&letters{}).node()
	n.Schema, n.Slot = s, slots()
	n.Lane = &feature.Lane{TopicPartition: place, Partitions: partitions}
	var lanes [2]pipeline.Stage[*feature.Rows, *feature.Rows]
	for i := range lanes {
		st, err := spec.Open(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		lanes[i] = st
	}
	return lanes
}

func TestAKeyInTwoPartitionsStopsTheGraphWhereKeysStay(t *testing.T) {
	moving := byEventTime
	moving.Keys = feature.KeysMove
	for _, c := range []struct {
		name       string
		group      feature.Group
		spec       pipeline.Spec[*feature.Rows, *feature.Rows]
		partitions int32
		want       []string // of the error
	}{
		{"dedup by event time", byEventTime, Dedup{}, 5, []string{"t/4@7: the key of this row was in partition 3 before and is in 4 now", "hash keys alike", "feature.KeysMove"}},
		{"dedup by log", byLog, Dedup{}, 0, []string{"t/4@7: the key of this row was in partition 3", "new epoch", "by event time with feature.KeysMove"}},
		{"guard by event time", byEventTime, OrderGuard{}, 5, []string{"t/4@7: the key of this row was in partition 3"}},
		{"guard by log", byLog, OrderGuard{}, 5, []string{"t/4@7: the key of this row was in partition 3"}},
		{"guard where keys move", moving, OrderGuard{}, 5, nil},
		{"dedup where keys move", moving, Dedup{OffsetsOnly: true}, 5, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := eventSchema(t, c.group)
			lanes := twoLanes(t, c.spec, s, c.partitions)
			through(t, lanes[0], batchOf(s, 1, 0, eventRow{key: "a"}, eventRow{key: "b"}))
			in := batchOf(s, 6, 0, eventRow{key: "c"}, eventRow{key: "b"})
			in.Partition++
			err := lanes[1].Process(t.Context(), in, func(*feature.Rows) {})
			if c.want == nil && err != nil || pipeline.IsTransient(err) || pipeline.IsRestart(err) {
				t.Fatal(err)
			}
			var at *pipeline.RecordError
			if c.want != nil && !errors.As(err, &at) {
				t.Fatalf("got %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in: %v", want, err)
				}
			}
		})
	}
}

// What was read before the partitions were added is replayed to the lanes of the new epoch.
func TestAKeyThatMovedWithANewEpochIsNoContradiction(t *testing.T) {
	s := eventSchema(t, byLog)
	lanes := twoLanes(t, Dedup{}, s, 5)
	through(t, lanes[0], batchOf(s, 1, 2, eventRow{key: "b"}))
	in := batchOf(s, 6, 0, eventRow{key: "b"})
	in.Partition++
	wantOutcomes(t, through(t, lanes[1], in), "written")
}

func TestALaneThatHasLeftGivesUpItsPart(t *testing.T) {
	s := eventSchema(t, byEventTime)
	lanes := twoLanes(t, OrderGuard{MaxKeys: 1000}, s, 2)
	g := lanes[0].(*guard)
	part := func() int {
		known := 0
		g.newest = window.New(1)
		g.memory.fit(g.newest)
		for i := range int64(2000) {
			_, k := g.newest.Entry(feature.Digest{Hi: uint64(i%600+1) << 40, Lo: uint64(i%600 + 1)})
			if k {
				known++
			}
		}
		return known
	}
	if n := part(); n > 0 {
		t.Errorf("one of two lanes knew %d of 600 identities that came in turn, with 500 to remember", n)
	}
	lanes[1].(*guard).Close()
	if n := part(); n == 0 {
		t.Error("the lane that is left has no more than before")
	}
}
