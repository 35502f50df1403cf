package parquet

import (
	"math"
	"slices"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
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

// take gives out a file that has room, and if it must, nulls in every column.
// Once there were some, all new files have.
func (c *cut) take(nulls bool, create func(nulls bool) (*dataFile, error)) (*dataFile, error) {
	c.nulls = c.nulls || nulls
	for i, f := range slices.Backward(c.idle) {
		if f.layout.nulls || !nulls {
			c.idle = slices.Delete(c.idle, i, i+1)
			return f, nil
		}
	}
	f, err := create(c.nulls)
	if err != nil {
		return nil, err
	}
	c.files = append(c.files, f)
	return f, nil
}

// run is a stretch of rows of a batch that are stored, all deletes or none.
type run struct {
	from, to int
	deletes  bool
}

// batch is what a Write takes of its rows.
type batch struct {
	rows  *feature.Rows
	spans []feature.SpanTally // those not accepted before
	runs  []run               // live rows of those spans, deletes apart
	live  int
	nulls bool // some of those have nulls where the group has none, as deletes have
}

// newBatch leaves out spans that were accepted before, and rows that the table
// held when the lane opened: those are duplicates.
func newBatch(rows *feature.Rows, s *laneState) *batch {
	b := &batch{rows: rows, spans: rows.Tally(feature.Offline)}
	for len(b.spans) > 0 && b.spans[0].To <= s.accepted {
		b.spans = b.spans[1:]
	}
	if len(b.spans) == 0 {
		return b
	}
	k := 0
	for i := range rows.Records {
		offset := rows.Records[i].Offset
		if offset < b.spans[0].From || rows.Outcomes[feature.Offline][i] != feature.Pending {
			continue
		}
		for offset >= b.spans[k].To {
			k++
		}
		if offset < s.base {
			b.spans[k].Move(feature.Duplicate)
			continue
		}
		b.add(i)
	}
	return b
}

func (b *batch) add(i int) {
	b.live++
	deletes := b.rows.Ops[i] == feature.Delete
	b.nulls = b.nulls || deletes
	if n := len(b.runs); n > 0 && b.runs[n-1].to == i && b.runs[n-1].deletes == deletes {
		b.runs[n-1].to++
		return
	}
	b.runs = append(b.runs, run{i, i + 1, deletes})
}

// entries enter what the commit must know of the batch's rows into their file; at
// is where the batch's spans begin in its lane's part of the cut.
func (b *batch) entries(d identity.Digester, lane, at uint32) func(*dataFile, run) {
	k := uint32(0)
	var buf []byte
	return func(dst *dataFile, r run) {
		for i := r.from; i < r.to; i++ {
			offset := b.rows.Records[i].Offset
			for offset >= b.spans[k].To {
				k++
			}
			var id identity.Digest
			id, buf = d.Of(buf, b.rows, i)
			dst.identities.Add(id, feature.Version{Delete: r.deletes, Epoch: b.rows.Epoch, Partition: b.rows.Partition, Offset: offset})
			*dst.entries.Add() = entry{b.rows.Time(i), at + k, lane}
		}
	}
}
