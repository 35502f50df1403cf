package parquet

import (
	"math"
	"slices"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// cut is what goes into one commit: the files with its rows, and the spans of
// the lanes that they came from. While one cut is committed, the next is open.
// Its fields are guarded by writer.mu, but for a file that a Write has out.
type cut struct {
	files []*dataFile
	idle  []*dataFile // of those with room; the last one used goes out first
	lanes []*laneCut
	rows  int
	nulls bool      // some rows have nulls where the group has none
	out   int       // Writes under way
	due   time.Time // of the commit; zero while there is nothing to commit

	// Set by the commit, once it is sealed.
	id          string // in the snapshot's summary, so that it can be found again
	resolved    bool
	losers      []lost // to others of the cut
	plan        *plan  // what the last attempt to commit it was to publish
	maybeLanded bool   // that attempt ended in an error that doesn't say
}

// laneCut is one lane's part of a cut.
type laneCut struct {
	lane  *feature.Lane
	state *laneState
	spans []feature.SpanTally
}

// laneState is what a writer knows of a lane.
type laneState struct {
	lane     *feature.Lane
	base     int64            // the table held all rows before it when the lane opened
	accepted int64            // spans up to it were taken; before the first, the smallest number
	stored   mark             // what the table should say of the partition
	said     feature.Progress // what it says, in full
}

// mark is a sink's part of a partition's progress, if there is one.
type mark struct {
	ok    bool
	epoch int32
	next  int64
}

func newLaneState(lane *feature.Lane, sink string) *laneState {
	base := max(lane.Start, lane.Resumed.Sinks[sink].Next)
	return &laneState{lane: lane, base: base, accepted: math.MinInt64, stored: markOf(lane.Resumed, sink), said: lane.Resumed}
}

func markOf(p feature.Progress, sink string) mark {
	s, ok := p.Sinks[sink]
	if !ok {
		return mark{}
	}
	return mark{true, p.Epoch, s.Next}
}

// of is the cut's part of a lane; it comes into being with the lane's first span.
func (c *cut) of(s *laneState) (uint32, *laneCut) {
	i := slices.IndexFunc(c.lanes, func(l *laneCut) bool { return l.state == s })
	if i < 0 {
		i = len(c.lanes)
		c.lanes = append(c.lanes, &laneCut{lane: s.lane, state: s})
	}
	return uint32(i), c.lanes[i]
}
