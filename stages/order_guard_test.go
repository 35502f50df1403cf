package stages

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestLateRowsByEachOrderAndPolicy(t *testing.T) {
	list := []eventRow{{key: "k", at: 5}, {key: "k", at: 4, value: 1}, {key: "l", at: 4}, {key: "k", at: 5, value: 2}, {key: "k", at: 6, value: 3}, {key: "k", at: 5, value: 4}}
	for name, c := range map[string]struct {
		group   feature.Group
		late    LatePolicy
		want    string
		letters []string
	}{
		"by log no row is late":         {byLogTimed, Drop, "written written written written written written", nil},
		"by event time they are spared": {byEventTime, Drop, "written late/written written written written late/written", nil},
		"or pass":                       {byEventTime, Pass, "written written written written written written", nil},
		"or are dead letters":           {byEventTime, Reject, "written dead written written written dead", []string{"1 late", "5 late"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, l := eventSchema(t, c.group), &letters{}
			wantOutcomes(t, through(t, newGuard(OrderGuard{Late: c.late}, s, l.node()), batchOf(s, 0, 0, list...)), c.want)
			wantLetters(t, l, c.letters...)
		})
	}
}

func TestAtEqualTimesADeleteIsTheNewer(t *testing.T) {
	s := eventSchema(t, byEventTime)
	rows := batchOf(s, 0, 0,
		eventRow{key: "k", at: 5}, eventRow{key: "k", at: 5, delete: true}, eventRow{key: "k", at: 5, value: 1}, eventRow{key: "k", at: 5, delete: true}, eventRow{key: "k", at: 6})
	wantOutcomes(t, through(t, newGuard(OrderGuard{}, s, (&letters{}).node()), rows), "written written late/written written written")
}

func TestARowIsOnlyLateBehindWhatWentOnline(t *testing.T) {
	s := eventSchema(t, byEventTime)
	rows := batchOf(s, 0, 0,
		eventRow{key: "k", at: 9, filter: true, not: feature.Online},
		eventRow{key: "k", at: 5},
		eventRow{key: "k", at: 4, filter: true, not: feature.Online},
		eventRow{key: "k", at: 4, filter: true, not: feature.Offline})
	wantOutcomes(t, through(t, newGuard(OrderGuard{}, s, (&letters{}).node()), rows), "filtered/written written filtered/written late/filtered")
}

func TestFarFutureRowsByEachPolicy(t *testing.T) {
	list := []eventRow{{key: "k", at: 1000, stamp: 900}, {key: "k", at: 1001, stamp: 900, value: 1}, {key: "k", at: 1000, stamp: 950, value: 2}, {key: "k", at: 5000, value: 3}}
	for name, c := range map[string]struct {
		far     time.Duration
		beyond  LatePolicy
		want    string
		letters []string
	}{
		"off":    {0, Drop, "written written late/written written", nil},
		"drop":   {100 * time.Millisecond, Drop, "written filtered/written written written", nil},
		"pass":   {100 * time.Millisecond, Pass, "written written late/written written", nil},
		"reject": {100 * time.Millisecond, Reject, "written dead written written", []string{"1 far-future"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, l := eventSchema(t, byEventTime), &letters{}
			g := OrderGuard{FarFuture: c.far, Beyond: c.beyond}
			wantOutcomes(t, through(t, newGuard(g, s, l.node()), batchOf(s, 0, 0, list...)), c.want)
			wantLetters(t, l, c.letters...)
			if got := g.Rejects(); got != (c.beyond == Reject) {
				t.Errorf("Rejects is %v", got)
			}
		})
	}
}

func TestFarFutureInEveryUnit(t *testing.T) {
	for _, c := range []struct {
		logical feature.Logical
		kind    feature.Kind
		in, out any
	}{
		{feature.Date, feature.Int32, int32(2), int32(3)}, // at noon of day 1, a day further
		{feature.TimestampMillis, feature.Int64, int64(216_000_000), int64(216_000_001)},
		{feature.TimestampMicros, feature.Int64, int64(216_000_000_000), int64(216_000_001_000)},
		{feature.TimestampNanos, feature.Int64, int64(216_000_000_000_000), int64(math.MaxInt64)},
	} {
		s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}, EventTime: "ts", Order: feature.ByEventTime},
			[]feature.Field{{Name: "k", Kind: feature.Bool}, {Name: "ts", Kind: c.kind, Logical: c.logical}})
		if err != nil {
			t.Fatal(err)
		}
		rows := feature.NewRows(s, place)
		for i, v := range []any{c.in, c.out} {
			if err := errors.Join(rows.Columns[0].Append(true), rows.Columns[1].Append(v)); err != nil {
				t.Fatal(err)
			}
			rows.Add(feature.Record{Offset: int64(i), Timestamp: 129_600_000}, feature.Upsert)
		}
		rows.Seal()
		wantOutcomes(t, through(t, newGuard(OrderGuard{FarFuture: 24 * time.Hour}, s, (&letters{}).node()), rows), "written filtered/written")
	}
}

func TestALogThatGoesBackStopsTheGraph(t *testing.T) {
	s := eventSchema(t, byLog)
	g := newGuard(OrderGuard{}, s, (&letters{}).node())
	through(t, g, batchOf(s, 5, 0, eventRow{key: "a"}, eventRow{key: "b"}))
	err := g.Process(t.Context(), batchOf(s, 4, 0, eventRow{key: "c"}), func(*feature.Rows) { t.Error("emitted") })
	if err == nil || !strings.Contains(err.Error(), "t/3@4: the log goes back: offset 6 came before") || pipeline.IsTransient(err) || pipeline.IsRestart(err) {
		t.Errorf("got %v", err)
	}
	wantOutcomes(t, through(t, g, batchOf(s, 9, 0, eventRow{key: "a"})), "written")
}

func TestAFailedDeadLetterChangesNoFate(t *testing.T) {
	s, l := eventSchema(t, byEventTime), &letters{}
	g := newGuard(OrderGuard{Late: Reject}, s, l.node())
	list := []eventRow{{key: "k", at: 5}, {key: "k", at: 4}, {key: "k", at: 3}, {key: "k", at: 6}}
	l.err = pipeline.Transient(errors.New("no broker"))
	err := g.Process(t.Context(), batchOf(s, 0, 0, list...), func(*feature.Rows) { t.Error("emitted") })
	if !pipeline.IsTransient(err) || !strings.Contains(err.Error(), "t/3@1: no broker") {
		t.Fatalf("got %v", err)
	}
	l.err = nil
	for range 2 {
		wantOutcomes(t, through(t, g, batchOf(s, 0, 0, list...)), "written dead dead written")
	}
	wantLetters(t, l, "1 late", "2 late") // each once
}

func TestStagesDescribeWhatIsWrong(t *testing.T) {
	s := eventSchema(t, byLog)
	for want, d := range map[string]pipeline.Describer{
		"MaxKeys: -1":       Dedup{MaxKeys: -1},
		"ReadBack -2":       OrderGuard{ReadBack: -2},
		"LatePolicy(9)":     OrderGuard{Late: 9},
		"declares no event": OrderGuard{FarFuture: 1},
		"FarFuture -1ns":    OrderGuard{FarFuture: -1},
		"MaxRows: -1":       Batch{MaxRows: -1},
		"Delay: -1ns":       Batch{Delay: -1},
		"MaxBytes: -5":      Batch{MaxBytes: -5},
	} {
		if _, err := d.Describe(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
	for _, d := range []pipeline.Describer{Dedup{}, OrderGuard{}, Batch{}} {
		if out, err := d.Describe(s); out != s || err != nil {
			t.Errorf("%T gives %v, %v", d, out, err)
		}
	}
	if (Dedup{}).Replay() != 16384 || (Dedup{ReadBack: -1}).Replay() != 0 || (OrderGuard{ReadBack: 7}).Replay() != 7 {
		t.Error("the read-back isn't what was set")
	}
}
