package cassandra

import (
	"math"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

const day = 24 * time.Hour

func lifeOf(t *testing.T, g feature.Group, now func() time.Time, fields ...feature.Field) *life {
	l := newLife(schemaOf(t, g, fields...))
	l.now = now
	return l
}

var eventMicros = feature.Field{Name: "at", Kind: feature.Int64, Logical: feature.TimestampMicros}

func TestByLogALifeEndsItsTTLAfterItBegan(t *testing.T) {
	now := time.UnixMilli(1_000_000_900)
	clock := func() time.Time { return now }
	for name, c := range map[string]struct {
		life          *life
		event, record int64
		ttl           int32
		over          bool
	}{
		"for ever":                  {lifeOf(t, feature.Group{}, clock), 0, 0, 0, false},
		"from the record":           {lifeOf(t, feature.Group{TTL: time.Minute}, clock), 0, 1_000_000_900, 61, false},
		"from the record, over":     {lifeOf(t, feature.Group{TTL: time.Minute}, clock), 0, 999_940_900, 0, true},
		"from the record, just not": {lifeOf(t, feature.Group{TTL: time.Minute}, clock), 0, 999_940_901, 1, false},
		"from the event time":       {lifeOf(t, feature.Group{TTL: day, EventTime: "at"}, clock, eventMicros), 999_990_900_000, 0, 86391, false},
		"from the event time, over": {lifeOf(t, feature.Group{TTL: day, EventTime: "at"}, clock, eventMicros), 0, 1_000_000_900, 0, true},
		"longer than Cassandra has": {lifeOf(t, feature.Group{TTL: day, EventTime: "at"}, clock, eventMicros), math.MaxInt64, 0, maxTTL, false},
		"longer than an int64 has":  {lifeOf(t, feature.Group{TTL: day, EventTime: "at"}, clock, feature.Field{Name: "at", Kind: feature.Int64}), math.MaxInt64, 0, maxTTL, false},
		"before all times":          {lifeOf(t, feature.Group{TTL: day, EventTime: "at"}, clock, feature.Field{Name: "at", Kind: feature.Int64}), math.MinInt64, 0, 0, true},
	} {
		ttl, over := c.life.begin(feature.TopicPartition{}, c.record).seconds(c.event, c.record)
		if ttl != c.ttl || over != c.over {
			t.Errorf("%s: TTL %d, over %v; want %d, %v", name, ttl, over, c.ttl, c.over)
		}
	}
}

// The node adds the TTL to its own clock, in whole seconds, some time after the writer read its own. Whatever those
// delays are, rows of one key and event time written in log order must expire in that order, and none too early.
func TestACorrectionNeverExpiresBeforeWhatItCorrects(t *testing.T) {
	r := seeded(t)
	for range 200_000 {
		const ttl = time.Hour
		now := int64(1_767_225_600_000) + r.Int64N(1000)
		l := lifeOf(t, feature.Group{TTL: ttl, EventTime: "at", Order: feature.ByEventTime},
			func() time.Time { return time.UnixMilli(now) }, eventMicros)
		event := now - r.Int64N(ttl.Milliseconds()/2)
		record := event
		var expired int64
		for range 5 {
			record = min(record+r.Int64N(1500), now) // each recorded after the one before, and read later still
			ttlSeconds, over := l.begin(feature.TopicPartition{}, record).seconds(event*1000, record)
			if over {
				break
			}
			now += r.Int64N(1500) // on the way to the node
			expires := now/1000 + int64(ttlSeconds)
			if expires < expired {
				t.Fatalf("a correction expires %d s before what it corrects", expired-expires)
			}
			if expires*1000 < event+ttl.Milliseconds() {
				t.Fatalf("the row expires %d ms too early", event+ttl.Milliseconds()-expires*1000)
			}
			expired = expires
			now += r.Int64N(1500)
		}
	}
}

func TestAReplayDoesNotProlongALife(t *testing.T) {
	now := int64(1_767_225_600_000)
	group := feature.Group{TTL: day, EventTime: "at", Order: feature.ByEventTime}
	written := now
	for _, later := range []time.Duration{0, time.Minute, 23 * time.Hour} {
		now = written + later.Milliseconds()
		l := lifeOf(t, group, func() time.Time { return time.UnixMilli(now) }, eventMicros)
		ttl, over := l.begin(feature.TopicPartition{}, written).seconds(written*1000, written)
		if expires := now/1000 + int64(ttl); over || expires != written/1000+86400 {
			t.Errorf("written again after %v, the row expires at %d, over %v; want %d", later, expires, over, written/1000+86400)
		}
	}
}
