package stages

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/internal/content"
)

var (
	byLog       = feature.Group{}
	byLogTimed  = feature.Group{EventTime: "ts"}
	byEventTime = feature.Group{EventTime: "ts", Order: feature.ByEventTime, Keys: feature.KeysStay}
)

func TestOfABATheLastAStays(t *testing.T) {
	for name, c := range map[string]struct {
		group feature.Group
		rows  []eventRow
		want  string
	}{
		"by log": {
			byLog,
			[]eventRow{{key: "k", value: 1}, {key: "k", value: 2}, {key: "k", value: 1}, {key: "k", value: 1}},
			"written written written duplicate",
		},
		"by log, with times: the newest of a key is that in both stores": {
			byLogTimed,
			[]eventRow{{key: "k", at: 1, value: 1}, {key: "k", at: 2, value: 2}, {key: "k", at: 1, value: 1}, {key: "k", at: 1, value: 1}},
			"written written written duplicate",
		},
		"by event time: an older row changes neither store": {
			byEventTime,
			[]eventRow{{key: "k", at: 1, value: 1}, {key: "k", at: 2, value: 2}, {key: "k", at: 1, value: 1}},
			"written written duplicate",
		},
		"by event time, corrected and back": {
			byEventTime,
			[]eventRow{{key: "k", at: 1, value: 1}, {key: "k", at: 1, value: 2}, {key: "k", at: 1, value: 1}, {key: "k", at: 1, value: 1}},
			"written written written duplicate",
		},
		"by event time, below a delete": {
			byEventTime,
			[]eventRow{{key: "k", at: 1, value: 1}, {key: "k", at: 1, delete: true}, {key: "k", at: 1, value: 1}, {key: "k", at: 1, delete: true}},
			"written written written duplicate",
		},
		"a delete between": {
			byLog,
			[]eventRow{{key: "k", value: 1}, {key: "k", delete: true}, {key: "k", delete: true}, {key: "k", value: 1}},
			"written written duplicate written",
		},
		"keys apart": {
			byLog,
			[]eventRow{{key: "k", value: 1}, {key: "l", value: 1}, {key: "k", value: 1}},
			"written written duplicate",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := eventSchema(t, c.group)
			wantOutcomes(t, through(t, newDedup(Dedup{}, s), batchOf(s, 0, 0, c.rows...)), c.want)

			// One row at a time gives the same.
			d := newDedup(Dedup{}, s)
			var got []string
			for i, row := range c.rows {
				got = append(got, outcomes(through(t, d, batchOf(s, int64(i), 0, row))))
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("one by one:\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDedupTellsStoresApart(t *testing.T) {
	a, b := eventRow{key: "k", value: 1}, eventRow{key: "k", value: 2}
	offlineOnly := func(r eventRow) eventRow { r.not, r.filter = feature.Online, true; return r }
	onlineOnly := func(r eventRow) eventRow { r.not, r.filter = feature.Offline, true; return r }
	for name, c := range map[string]struct {
		rows []eventRow
		want string
	}{
		"what only went offline is new online":   {[]eventRow{offlineOnly(a), a, a}, "filtered/written written/duplicate duplicate"},
		"what only went online is new offline":   {[]eventRow{onlineOnly(a), a, a}, "written/filtered duplicate/written duplicate"},
		"what came between in one store counts":  {[]eventRow{a, offlineOnly(b), a}, "written filtered/written written"},
		"a duplicate in the store it is for":     {[]eventRow{a, offlineOnly(a), a}, "written filtered/duplicate duplicate"},
		"the other way round, each by its store": {[]eventRow{a, onlineOnly(b), offlineOnly(a), a}, "written written/filtered filtered/written written/duplicate"},
	} {
		t.Run(name, func(t *testing.T) {
			s := eventSchema(t, byLog)
			rows := through(t, newDedup(Dedup{}, s), batchOf(s, 0, 0, c.rows...))
			wantOutcomes(t, rows, c.want)
		})
	}
}

func TestTheSameBatchGetsTheSameFates(t *testing.T) {
	s := eventSchema(t, byEventTime)
	d, g := newDedup(Dedup{}, s), newGuard(OrderGuard{}, s, (&letters{}).node())
	list := []eventRow{{key: "k", at: 5, value: 1}, {key: "k", at: 5, value: 1}, {key: "k", at: 6, value: 2}, {key: "k", at: 4, value: 3}}
	const want = "written duplicate written late/written"
	for range 3 {
		wantOutcomes(t, through(t, g, through(t, d, batchOf(s, 10, 0, list...))), want)
	}
	again := batchOf(s, 10, 0, list...)
	for range 2 { // the very same rows, as a retry has them
		wantOutcomes(t, through(t, g, through(t, d, again)), want)
	}
}

func TestAnOffsetThatCameBeforeIsADuplicate(t *testing.T) {
	s := eventSchema(t, byLog)
	d := newDedup(Dedup{}, s)
	wantOutcomes(t, through(t, d, batchOf(s, 5, 0, eventRow{key: "a"}, eventRow{key: "b"})), "written written")
	wantOutcomes(t, through(t, d, batchOf(s, 6, 0, eventRow{key: "c"}, eventRow{key: "d"})), "duplicate written")
}

func TestWarmRowsFillStateAndNothingElse(t *testing.T) {
	s := eventSchema(t, byEventTime)
	list := []eventRow{{key: "k", at: 5, value: 1}, {key: "k", at: 5, value: 1}, {key: "k", at: 4, value: 9}, {key: "new", at: 1}}
	d, l := newDedup(Dedup{}, s), &letters{}
	g := newGuard(OrderGuard{Late: Reject}, s, l.node())
	wantOutcomes(t, through(t, g, through(t, d, batchOf(s, 0, 2, list[0], list[0]))), "replayed replayed")
	wantOutcomes(t, through(t, g, through(t, d, batchOf(s, 2, 2, list[1:]...))), "duplicate dead written")
	wantLetters(t, l, "3 late")

	d, g = newDedup(Dedup{}, s), newGuard(OrderGuard{Late: Reject, FarFuture: 1, Beyond: Reject}, s, l.node())
	late := batchOf(s, 0, 9, eventRow{key: "k", at: 5}, eventRow{key: "k", at: 4}, eventRow{key: "k", at: 1 << 40, stamp: 1})
	wantOutcomes(t, through(t, g, through(t, d, late)), "replayed replayed replayed")
	wantLetters(t, l, "3 late")
}

func TestALifeThatIsLongerIsNoDuplicate(t *testing.T) {
	g := byLog
	g.TTL = 1e9
	s := eventSchema(t, g)
	list := []eventRow{{key: "k", stamp: 1}, {key: "k", stamp: 2}, {key: "k", stamp: 2}}
	wantOutcomes(t, through(t, newDedup(Dedup{}, s), batchOf(s, 0, 0, list...)), "written written duplicate")
}

// store is what a store holds after rows were written in order: the newest
// content by identity.
type store map[string]struct {
	v       feature.Version
	content string
}

func (st store) write(r *feature.Rows, i int, s feature.Store) {
	id := string(r.Identity(nil, i, s))
	if old, ok := st[id]; ok && r.Schema.Group.Order.Compare(old.v, r.Version(i)) > 0 {
		return
	}
	st[id] = struct {
		v       feature.Version
		content string
	}{r.Version(i), string(r.AppendContent(nil, i))}
}

func TestDroppingRowsChangesNoStore(t *testing.T) {
	for _, group := range []feature.Group{byLog, byLogTimed, byEventTime} {
		for seed := range uint64(300) {
			s, rnd := eventSchema(t, group), rand.New(rand.NewPCG(seed, 1))
			d, g := newDedup(Dedup{MaxKeys: 1 + rnd.IntN(20)}, s), newGuard(OrderGuard{MaxKeys: 1 + rnd.IntN(20)}, s, (&letters{}).node())
			var all, kept [2]store
			for _, st := range feature.Stores() {
				all[st], kept[st] = store{}, store{}
			}
			for at := int64(0); at < 200; {
				list := make([]eventRow, 1+rnd.IntN(20))
				for i := range list {
					list[i] = eventRow{
						key: string(rune('a' + rnd.IntN(8))), at: int64(rnd.IntN(4)), value: int64(rnd.IntN(2)), delete: rnd.IntN(6) == 0,
						filter: rnd.IntN(5) == 0, not: feature.Store(rnd.IntN(2)),
					}
				}
				in := batchOf(s, at, 0, list...)
				before := in.Fork()
				out := through(t, g, through(t, d, in))
				for i := range list {
					for _, st := range feature.Stores() {
						if before.Outcomes[st][i] == feature.Pending {
							all[st].write(in, i, st)
						}
						if out.Outcomes[st][i] == feature.Pending {
							kept[st].write(in, i, st)
						}
					}
				}
				at += int64(len(list))
			}
			for _, st := range feature.Stores() {
				for id, want := range all[st] {
					if got := kept[st][id]; got.content != want.content {
						t.Fatalf("%v, seed %d: the %v store has another row of %x", group.Order, seed, st, id)
					}
				}
			}
		}
	}
}

// By event time two partitions may have rows of one moment: of A, B, A with the B in
// another one, the last A is the newest row. A lane can't tell that from A, A, where
// keys move.
func TestWhereKeysMoveNoRowIsDroppedForItsContent(t *testing.T) {
	moving := byEventTime
	moving.Keys = feature.KeysMove
	s := eventSchema(t, moving)
	a, b := eventRow{key: "k", at: 1, value: 1}, eventRow{key: "k", at: 1, value: 2}
	one := through(t, newDedup(Dedup{OffsetsOnly: true}, s), batchOf(s, 0, 0, a, a))
	other := batchOf(s, 0, 0, b)
	other.Partition++
	wantOutcomes(t, one, "written written")
	wantOutcomes(t, through(t, newDedup(Dedup{OffsetsOnly: true}, s), other), "written")
	st := store{}
	for _, w := range []struct {
		rows *feature.Rows
		i    int
	}{{one, 0}, {other, 0}, {one, 1}} {
		st.write(w.rows, w.i, feature.Online)
	}
	if got := st[string(one.Identity(nil, 1, feature.Online))]; got.v != one.Version(1) {
		t.Errorf("the store holds %+v, want the last A", got.v)
	}
}

func TestDedupAsksWhereRowsOfAKeyLie(t *testing.T) {
	for _, c := range []struct {
		order feature.Order
		keys  feature.Placement
		set   Dedup
		want  string // of the error
	}{
		{feature.ByLog, 0, Dedup{}, ""},
		{feature.ByLog, feature.KeysStay, Dedup{}, ""},
		{feature.ByEventTime, feature.KeysStay, Dedup{}, ""},
		{feature.ByEventTime, 0, Dedup{}, "set Keys to feature.KeysStay"},
		{feature.ByEventTime, 0, Dedup{}, "or to feature.KeysMove"},
		{feature.ByEventTime, feature.KeysMove, Dedup{}, "it can drop nothing but repeated offsets: leave it out"},
		{feature.ByEventTime, feature.KeysMove, Dedup{OffsetsOnly: true}, ""},
		{feature.ByEventTime, 0, Dedup{OffsetsOnly: true}, ""},
	} {
		g := feature.Group{EventTime: "ts", Order: c.order, Keys: c.keys}
		_, err := c.set.Describe(eventSchema(t, g))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("by %v, keys %v, %+v: %v, want %q", c.order, c.keys, c.set, err, c.want)
		}
	}
	if n := (Dedup{OffsetsOnly: true}).Replay(); n != 0 {
		t.Errorf("it reads %d records back for nothing", n)
	}
}

// TestTheOrderOfAMapsEntriesIsNoContent has two writers iterate one map in orders of their own.
func TestTheOrderOfAMapsEntriesIsNoContent(t *testing.T) {
	d, _ := opened(t, Decode{Group: rowGroup, Schema: fieldsOf(`{"name":"m","type":{"type":"map","values":"int"}}`)})
	rows := through(t, d, records(0, bodies(
		key(4, 2, 'a', 2, 2, 'b', 4, 0),
		key(2, 2, 'b', 4, 2, 2, 'a', 2, 0),
		key(4, 2, 'a', 4, 2, 'b', 2, 0),
	)...))
	wantOutcomes(t, rows, "written written written")
	c := content.NewHasher()
	if h := c.Of(rows); h[0] != h[1] || h[0] == h[2] {
		t.Errorf("the sums are %x", h)
	}
}
