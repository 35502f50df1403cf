package cassandra

import (
	"math"
	"sync"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// life says how long rows live, by Cassandra's TTL: whole seconds that the node adds to its own clock when it writes.
//
// A row's life ends Group.TTL after its event time, or its record's timestamp where there is no event time. Over already,
// the row is written as a delete, so that older rows go too. Otherwise, by log, the TTL is what is left of it.
//
// By event time it can't be. All rows of one key and event time would end in one second, give or take one for clocks
// and the way to the node; and among expiring cells of one timestamp Cassandra compares the second of expiry before
// the bytes, so the older row could win for good. A correction must never expire before the row that it corrects. So
// the cell expires Group.TTL after the later of event time and *record's timestamp*, which grows with arrival and is
// the same in a replay: a row that came late outlives its event time by as much. And, walking the race of two rows of
// one key and event time, the older recorded a moment before the newer:
//
//   - Written in log order by one process. The node's clock gives the newer one the later second if both have one
//     TTL. So the lane's lag, how far its records lie behind the clock, only ever falls: both TTLs are Group.TTL - lag,
//     or the newer one's is greater. The price is that rows written while a lane is behind live longer by that delay.
//   - Written in another order, by a replay or a second process: each aims at its record's timestamp + Group.TTL, so
//     the newer wins if it was recorded later by more than the writers' delays and clocks differ. Within those, and for
//     event times ahead of their record's timestamp, either can win. Exact would be to set the second of expiry itself,
//     which takes version 5 of Cassandra's protocol; gocql 1 speaks version 4.
//
// Without a TTL none of this applies, and ties are exact whatever the order and number of writers.
type life struct {
	ttl  time.Duration
	unit time.Duration // of the event time; 0 without one
	ties bool          // rows of one key may have one timestamp
	now  func() time.Time

	mu  sync.Mutex
	lag map[feature.TopicPartition]int64 // seconds
}

func newLife(s *feature.Schema) *life {
	l := &life{ttl: s.Group.TTL, ties: s.Group.Order == feature.ByEventTime, now: time.Now, lag: map[feature.TopicPartition]int64{}}
	if s.Time() >= 0 {
		l.unit = s.TimeUnit()
	}
	return l
}

// span is the life of a batch's rows: one clock for all.
type span struct {
	ttl, now int64 // milliseconds
	lag      int64 // seconds, -1 at least
	unit     time.Duration
	ties     bool
}

// begin reads the clock for a batch whose latest record is of the given timestamp.
func (l *life) begin(p feature.TopicPartition, latest int64) span {
	s := span{ttl: l.ttl.Milliseconds(), now: l.now().UnixMilli(), unit: l.unit, ties: l.ties}
	if s.ttl > 0 && s.ties {
		// -1 where clock and record lie within one second: rounded up, a life outlasts the second in which it begins.
		s.lag = l.leastLag(p, max(-1, floorDiv(s.now, 1000)-ceilSeconds(latest)))
	}
	return s
}

func (l *life) leastLag(p feature.TopicPartition, lag int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if least, ok := l.lag[p]; ok {
		lag = min(lag, least)
	}
	l.lag[p] = lag
	return lag
}

// seconds is the TTL to bind, 0 for ever, of a row of a given event time and record timestamp; over, that its life has
// ended.
func (s span) seconds(event, record int64) (ttl int32, over bool) {
	if s.ttl == 0 {
		return 0, false
	}
	born := record
	if s.unit != 0 {
		born = millis(event, s.unit)
	}
	if born <= s.now-s.ttl {
		return 0, true
	}
	born = min(born, math.MaxInt64/2)
	left := ceilSeconds(born+s.ttl) - floorDiv(s.now, 1000)
	if s.ties {
		left = ceilSeconds(s.ttl+max(0, born-record)) - s.lag
	}
	return int32(min(max(left, 1), maxTTL)), false
}

// millis is a point in time in milliseconds, as long as an int64 holds it.
func millis(t int64, unit time.Duration) int64 {
	if unit < time.Millisecond {
		return floorDiv(t, int64(time.Millisecond/unit))
	}
	step := int64(unit / time.Millisecond)
	if t > math.MaxInt64/step {
		return math.MaxInt64
	}
	return max(t, math.MinInt64/step) * step
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func ceilSeconds(ms int64) int64 { return -floorDiv(-ms, 1000) }
