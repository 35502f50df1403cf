package cassandra

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

var units = []struct {
	kind    feature.Kind
	logical feature.Logical
}{
	{feature.Int32, feature.Date},
	{feature.Int64, feature.Plain},
	{feature.Int64, feature.TimestampMillis},
	{feature.Int64, feature.TimestampMicros},
	{feature.Int64, feature.TimestampNanos},
	{feature.Int64, feature.LocalTimestampNanos},
}

func schemaOf(t testing.TB, g feature.Group, fields ...feature.Field) *feature.Schema {
	t.Helper()
	g.Name = "g"
	if g.PrimaryKey == nil {
		g.PrimaryKey = []string{"id"}
	}
	s, err := feature.NewSchema(g, append([]feature.Field{{Name: "id", Kind: feature.String}}, fields...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// merge is what Cassandra does with two writes of one key: the later timestamp wins, then the tombstone, then the
// greater bytes.
func merge(s *feature.Schema, a, b feature.Version) (int, error) {
	ta, err := timestamp(s, a)
	if err != nil {
		return 0, err
	}
	tb, err := timestamp(s, b)
	if err != nil {
		return 0, err
	}
	switch {
	case ta != tb:
		return cmp.Compare(ta, tb), nil
	case a.Delete != b.Delete && a.Delete:
		return 1, nil
	case a.Delete != b.Delete:
		return -1, nil
	}
	return bytes.Compare(appendToken(nil, a), appendToken(nil, b)), nil
}

// seeded makes a test's random numbers and prints how to have them again.
func seeded(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	if given, err := strconv.ParseUint(os.Getenv("TANDEM_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("seed %d (TANDEM_SEED changes it)", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// someVersion is one of few, so that ties of every kind are common.
func someVersion(r *rand.Rand) feature.Version {
	near := []int64{0, 999, 1000, -1000, 1_767_225_600_000, 9_000_000_000_000_000}
	offsets := []int64{0, 1, 255, 256, 1 << 31, 1 << 40}
	return feature.Version{
		Time:      near[r.IntN(len(near))] + r.Int64N(5) - 2,
		Delete:    r.IntN(3) == 0,
		Epoch:     r.Int32N(3),
		Partition: 255 * r.Int32N(3),
		Offset:    offsets[r.IntN(len(offsets))],
	}
}

// closeTo shares most of a version, so that the rest decides.
func closeTo(r *rand.Rand, a feature.Version) feature.Version {
	b := someVersion(r)
	for _, keep := range []func(){
		func() { b.Time = a.Time }, func() { b.Delete = a.Delete }, func() { b.Epoch = a.Epoch },
		func() { b.Partition = a.Partition }, func() { b.Offset = a.Offset },
	} {
		if r.IntN(4) > 0 {
			keep()
		}
	}
	return b
}

func TestCassandraMergesAsTheOrderCompares(t *testing.T) {
	r := seeded(t)
	for _, u := range units {
		s := schemaOf(t, feature.Group{EventTime: "at", Order: feature.ByEventTime},
			feature.Field{Name: "at", Kind: u.kind, Logical: u.logical})
		for range 20_000 {
			a := someVersion(r)
			b := closeTo(r, a)
			if u.kind == feature.Int32 {
				a.Time, b.Time = a.Time%1_000_000, b.Time%1_000_000
			}
			want := s.Group.Order.Compare(a, b)
			if a.Delete && b.Delete && a.Time == b.Time {
				continue // which of two deletes stays makes no difference
			}
			if got, err := merge(s, a, b); got != want || err != nil {
				t.Fatalf("%v: Cassandra says %d of %+v and %+v, the order says %d; %v", s, got, a, b, want, err)
			}
		}
	}
}

func TestByLogEveryRowHasItsTimestamp(t *testing.T) {
	r := seeded(t)
	s := schemaOf(t, feature.Group{})
	for range 20_000 {
		a := someVersion(r)
		b := closeTo(r, a)
		ta, errA := timestamp(s, a)
		tb, errB := timestamp(s, b)
		if want := s.Group.Order.Compare(a, b); errA != nil || errB != nil || cmp.Compare(ta, tb) != want {
			t.Fatalf("%+v and %+v: timestamps %d and %d (%v, %v): want %d", a, b, ta, tb, errA, errB, want)
		}
	}
}

func TestTimestampsAreNeverZeroAndKeepTheOrderAround1970(t *testing.T) {
	last := int64(math.MinInt64)
	for _, at := range []int64{math.MinInt64 + 2, math.MinInt64 + 3, -2, -1, 0, 1, 2, math.MaxInt64} {
		ts, err := timeTimestamp(at, time.Microsecond)
		if err != nil || ts == 0 || ts <= last {
			t.Errorf("time %d: timestamp %d after %d, %v", at, ts, last, err)
		}
		last = ts
	}
}

func TestWhatATimestampCannotHoldIsAnError(t *testing.T) {
	for _, c := range []struct {
		at   int64
		unit time.Duration
	}{
		{math.MinInt64, time.Microsecond},
		{math.MinInt64 + 1, time.Nanosecond},
		{math.MaxInt64/1000 + 1, time.Millisecond},
		{math.MinInt64/1000 - 1, time.Millisecond},
		{math.MaxInt32, 24 * time.Hour},
		{math.MinInt32, 24 * time.Hour},
	} {
		if ts, err := timeTimestamp(c.at, c.unit); err == nil {
			t.Errorf("time %d in steps of %v: timestamp %d", c.at, c.unit, ts)
		}
	}
	for _, v := range []feature.Version{{Epoch: -1}, {Epoch: 1 << 6}, {Offset: -1}, {Offset: 1<<46 - 1}, {Partition: -1}, {Partition: 1 << 11}} {
		if ts, err := logTimestamp(v); err == nil {
			t.Errorf("%+v: timestamp %d", v, ts)
		}
	}
	if ts, err := logTimestamp(feature.Version{Epoch: 1<<6 - 1, Offset: 1<<46 - 2, Partition: 1<<11 - 1}); err != nil || ts != math.MaxInt64 {
		t.Errorf("the last row: timestamp %d, %v", ts, err)
	}
}
