package insync

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// judge says what a key's two rows mean at one cut: a snapshot of the offline
// table, and an online store that was read after the snapshot was taken.
//
// The snapshot says how far both stores were when it was committed. So a row of the
// snapshot below that place must be online, or a newer one; and a row that is online
// from below it must be in the snapshot. Beyond it, a store may be behind.
type judge struct {
	schema *feature.Schema
	reach  map[int32]reach
	still  bool // both stores have all that was read
}

// reach is how far a partition is durable in both stores.
type reach struct {
	epoch int32
	next  int64
}

func (r reach) before(o reach) bool {
	return r.epoch < o.epoch || r.epoch == o.epoch && r.next < o.next
}

// least is how far all sinks are durable.
func least(p feature.Progress) int64 {
	next := p.Counted
	for i, s := range slices.SortedFunc(maps.Values(p.Sinks), byNext) {
		if i == 0 {
			next = max(next, s.Next)
		}
	}
	return next
}

func byNext(a, b feature.SinkProgress) int { return cmp.Compare(a.Next, b.Next) }

// slack is what clocks may differ by where a row's life ends.
const slack = 5 * time.Second

// newJudge reads a snapshot's progress. Where several topics have the partition,
// which rows don't tell apart, the least counts.
func newJudge(s *feature.Schema, progress map[feature.TopicPartition]feature.Progress) *judge {
	j := &judge{schema: s, reach: map[int32]reach{}}
	for at, p := range progress {
		r := reach{p.Epoch, least(p)}
		if old, again := j.reach[at.Partition]; again && old.before(r) {
			r = old
		}
		j.reach[at.Partition] = r
	}
	return j
}

// covers reports whether both stores were past a row's place.
func (j *judge) covers(v feature.Version) bool {
	r, ok := j.reach[v.Partition]
	return j.still || ok && (v.Epoch < r.epoch || v.Epoch == r.epoch && v.Offset < r.next)
}

// reaches reports whether both stores were past some places.
func (j *judge) reaches(ends map[int32]reach) bool {
	for p, end := range ends {
		if end.next > 0 && j.reach[p].before(end) {
			return false
		}
	}
	return true
}

// places are offsets in the epochs that are read now.
func (j *judge) places(ends map[int32]int64) map[int32]reach {
	out := make(map[int32]reach, len(ends))
	for p, next := range ends {
		out[p] = reach{j.reach[p].epoch, next}
	}
	return out
}

// of judges a key by the newest row of the snapshot that was meant for the online
// store, and by the row that is online; each may be nil.
func (j *judge) of(offline, online *entry) Kind {
	switch {
	case online == nil:
		return j.absent(offline)
	case offline == nil:
		return j.unknown(online)
	case online.version == offline.version:
		if online.content != offline.content || online.time != offline.time {
			return Differs
		}
		return Equal
	case placeOf(online.version) == placeOf(offline.version) && online.version.Delete != offline.version.Delete:
		return j.changed(online)
	case j.schema.Group.Order.Compare(online.version, offline.version) > 0:
		return j.unknown(online)
	case offline.version.Delete && online.version.Delete:
		return Equal // neither is served
	case !j.covers(offline.version):
		return Lagging
	case j.over(offline):
		return Expired
	case offline.version.Delete:
		return Undead
	case online.version.Delete:
		return MissingOnline
	}
	return StaleOnline
}

// changed judges a row that is a delete in one store only.
func (j *judge) changed(online *entry) Kind {
	if online.version.Delete {
		return MissingOnline
	}
	return Undead
}

// absent judges a key that isn't online.
func (j *judge) absent(offline *entry) Kind {
	switch {
	case offline == nil || offline.version.Delete:
		return Equal
	case j.over(offline):
		return Expired
	case !j.covers(offline.version):
		return Lagging
	}
	return MissingOnline
}

// unknown judges a row that is online and that the snapshot doesn't have.
func (j *judge) unknown(online *entry) Kind {
	_, known := j.reach[online.version.Partition]
	switch {
	case online.only:
		return Equal
	case !known && !j.still:
		return Extra
	case !j.covers(online.version):
		return Ahead
	}
	return MissingOffline
}

// over reports whether a row's life may have ended before the online store was read.
func (j *judge) over(e *entry) bool {
	ttl := j.schema.Group.TTL
	if ttl == 0 {
		return false
	}
	born := e.time
	if j.schema.Time() >= 0 {
		unit := j.schema.TimeUnit()
		if unit >= time.Millisecond {
			step := int64(unit / time.Millisecond)
			born = min(max(e.version.Time, -1<<62/step), 1<<62/step) * step
		} else {
			born = e.version.Time / int64(time.Millisecond/unit)
		}
	}
	return born <= time.Now().Add(slack-ttl).UnixMilli()
}
