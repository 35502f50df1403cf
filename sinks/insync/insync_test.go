package insync_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/insync"
	"github.com/tandemdata/tandem/sinks/memstore"
)

// story is both stores as lists that a test can spoil.
type story struct {
	schema          *feature.Schema
	online, offline []feature.Stored
}

// tell writes random rows into both stores.
func tell(t testing.TB, s *feature.Schema) *story {
	t.Helper()
	g := rowgen.Gen{Schema: s, Seed: 5, Keys: 30, Times: 9, Deletes: 20, Extremes: s.Group.Name == "every_type"}
	rows := g.Batch(feature.TopicPartition{Topic: "rows"}, 0, 300)
	out := &story{schema: s}
	for _, store := range feature.Stores() {
		sink := &memstore.Sink{For: store}
		n := new(pipelinetest.Lanes).SinkNode("sink", s, nil, func(error) {})
		w, err := sink.Open(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		lane := &feature.Lane{TopicPartition: rows.TopicPartition}
		if err := w.Write(t.Context(), lane, rows.Fork()); err != nil {
			t.Fatal(err)
		}
		list := &out.online
		if store == feature.Offline {
			list = &out.offline
		}
		for row := range sink.Scan(t.Context(), s) {
			*list = append(*list, row)
		}
	}
	return out
}

func (y *story) compare(t testing.TB) insync.Verdict {
	t.Helper()
	r, err := insync.Compare(t.Context(), y.schema, scan(y.online), scan(y.offline))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func scan(rows []feature.Stored) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func TestStoresInSync(t *testing.T) {
	for _, s := range []*feature.Schema{
		rowgen.Plain(), rowgen.Timed(feature.ByLog), rowgen.Timed(feature.ByEventTime), rowgen.EveryType(feature.ByEventTime, nil),
	} {
		y := tell(t, s)
		r := y.compare(t)
		if !r.OK() || r.Keys != 30 || r.Deleted == 0 || r.Keys-r.Deleted != int64(len(y.online)) || r.Rows != int64(len(y.offline)) {
			t.Errorf("%s: %v", s.Group.Name, r)
		}
	}
}

// greatest is the offline row of an online one's key.
func (y *story) greatest(online feature.Stored) int {
	return slices.IndexFunc(y.offline, func(o feature.Stored) bool { return o.Version == online.Version })
}

// deleted is an offline row that is its key's greatest, and a delete.
func (y *story) deleted() feature.Stored {
	for _, row := range y.offline {
		older := func(o feature.Stored) bool {
			return o.Values[0] != row.Values[0] || y.schema.Group.Order.Compare(o.Version, row.Version) <= 0
		}
		if row.Version.Delete && !slices.ContainsFunc(y.offline, func(o feature.Stored) bool { return !older(o) }) {
			return row
		}
	}
	panic("no key is deleted")
}

func changed(row feature.Stored, change func(*feature.Stored)) feature.Stored {
	row.Values = slices.Clone(row.Values)
	change(&row)
	return row
}

func TestEachDisagreementIsFound(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*story)
		says  string
	}{
		{"a value differs", func(y *story) {
			y.online[3] = changed(y.online[3], func(r *feature.Stored) { r.Values[2] = int64(-1) })
		}, "differs: key"},
		{"a null became a zero", func(y *story) {
			k := slices.IndexFunc(y.online, func(r feature.Stored) bool { return r.Values[2] == nil })
			y.online[k] = changed(y.online[k], func(r *feature.Stored) { r.Values[2] = int64(0) })
		}, "differs: key"},
		{"a record's time differs", func(y *story) { y.online[3].RecordTime++ }, "differs: key"},
		{"an older row is online", func(y *story) { y.online[3].Version.Offset -= 1000 }, "stale_online: key"},
		{"a row of another epoch is online", func(y *story) { y.online[3].Version.Epoch++ }, "missing_offline: key"},
		{"a key is missing online", func(y *story) { y.online = y.online[1:] }, "missing_online: key"},
		{"a key is only online", func(y *story) {
			y.online = append(y.online, changed(y.online[0], func(r *feature.Stored) { r.Values[0] = "stranger" }))
		}, `missing_offline: key "stranger"`},
		{"a deleted key is online", func(y *story) {
			y.online = append(y.online, changed(y.deleted(), func(r *feature.Stored) { r.Version.Delete = false }))
		}, "undead: key"},
		{"the greatest row is missing offline", func(y *story) {
			k := y.greatest(y.online[0])
			y.offline = slices.Delete(y.offline, k, k+1)
		}, "online"},
		{"a row is offline twice", func(y *story) { y.offline = append(y.offline, y.offline[0]) }, "twice: key"},
		{"an identity is offline twice", func(y *story) {
			y.offline = append(y.offline, changed(y.offline[0], func(r *feature.Stored) { r.Version.Offset = 1 << 40 }))
		}, "offline offset 1099511627776"},
		{"the offline store is empty", func(y *story) { y.offline = nil }, "missing_offline"},
		{"the online store is empty", func(y *story) { y.online = nil }, "missing_online"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, o := range []feature.Order{feature.ByLog, feature.ByEventTime} {
				y := tell(t, rowgen.Timed(o))
				c.spoil(y)
				r := y.compare(t)
				if r.OK() || !strings.Contains(r.String(), c.says) {
					t.Errorf("by %v: want %q in: %v", o, c.says, r)
				}
				if len(r.Faults) > 100 || int64(len(r.Faults)) > r.Found() {
					t.Errorf("by %v: %d differences described of %d", o, len(r.Faults), r.Found())
				}
			}
		})
	}
}

func TestWithoutEventTimeAKeyIsOfflineOnce(t *testing.T) {
	y := tell(t, rowgen.Plain())
	y.offline = append(y.offline, changed(y.offline[0], func(r *feature.Stored) { r.Version.Offset = 1 << 40 }))
	if r := y.compare(t); r.OK() || !strings.Contains(r.String(), "twice: key") {
		t.Errorf("%v", r)
	}
}

func TestFloatsAreComparedByBits(t *testing.T) {
	s := rowgen.EveryType(feature.ByLog, nil)
	at := s.Index("a_float64")
	for _, pair := range [][2]float64{{0, math.Copysign(0, -1)}, {math.NaN(), math.Float64frombits(0x7ff8000000000002)}} {
		y := tell(t, s)
		k := y.greatest(y.online[0])
		y.online[0] = changed(y.online[0], func(r *feature.Stored) { r.Values[at] = pair[0] })
		y.offline[k] = changed(y.offline[k], func(r *feature.Stored) { r.Values[at] = pair[0] })
		if r := y.compare(t); !r.OK() {
			t.Errorf("equal bits differ: %v", r)
		}
		y.offline[k] = changed(y.offline[k], func(r *feature.Stored) { r.Values[at] = pair[1] })
		if r := y.compare(t); r.OK() {
			t.Errorf("%x and %x are taken for one", math.Float64bits(pair[0]), math.Float64bits(pair[1]))
		}
	}
}

func TestAKeyPastItsLifeMayBeAbsent(t *testing.T) {
	ttl := func(d time.Duration) *story {
		return tell(t, rowgen.With(rowgen.Timed(feature.ByEventTime), func(g *feature.Group) { g.TTL = d }))
	}
	y := ttl(time.Nanosecond * time.Duration(time.Since(rowgen.Base.Add(time.Minute))))
	y.online = y.online[1:]
	if r := y.compare(t); !r.OK() || r.Count[insync.Expired] != 1 {
		t.Errorf("%v", r)
	}
	y = ttl(200 * 365 * 24 * time.Hour)
	y.online = y.online[1:]
	if r := y.compare(t); r.OK() {
		t.Errorf("a living key is absent, but: %v", r)
	}
}

func TestAScansErrorIsTheComparisons(t *testing.T) {
	y, broken := tell(t, rowgen.Plain()), errors.New("the disk is gone")
	fails := func(yield func(feature.Stored, error) bool) { yield(feature.Stored{}, broken) }
	if _, err := insync.Compare(t.Context(), y.schema, fails, scan(y.offline)); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "online") {
		t.Errorf("got %v", err)
	}
	if _, err := insync.Compare(t.Context(), y.schema, scan(y.online), fails); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "offline") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := insync.Compare(ctx, y.schema, scan(y.online), scan(y.offline)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func ExampleCompare() {
	s := rowgen.Plain()
	row := func(offset, amount int64) feature.Stored {
		return feature.Stored{Version: feature.Version{Offset: offset}, Values: []any{"a", amount}}
	}
	online, offline := []feature.Stored{row(7, 1)}, []feature.Stored{row(9, 2)}
	report, err := insync.Compare(context.Background(), s, scan(online), scan(offline))
	fmt.Println(report, err)
	report, err = insync.Compare(context.Background(), s, scan(offline), scan(offline))
	fmt.Println(report, err)
	// Output:
	// not in sync: differences: 1: offline rows: 1, keys: 1, of them deleted: 0, stale online: 1
	// 	stale_online: key "a": online offset 7 of partition 0, epoch 0, offline offset 9 of partition 0, epoch 0: an online store that was restored from before, or a write by hand <nil>
	// in sync: offline rows: 1, keys: 1, of them deleted: 0 <nil>
}
