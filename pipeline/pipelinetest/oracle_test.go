package pipelinetest_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
)

func schemas() []*feature.Schema {
	return []*feature.Schema{
		rowgen.Plain(), rowgen.Timed(feature.ByLog), rowgen.Timed(feature.ByEventTime),
		rowgen.EveryType(feature.ByLog, nil), rowgen.EveryType(feature.ByEventTime, nil),
	}
}

func TestWhatASoundGraphMakesHolds(t *testing.T) {
	for _, s := range schemas() {
		y := tell(t, s)
		if err := y.Check(t.Context()); err != nil {
			t.Errorf("%s by %v: %v", s.Group.Name, s.Group.Order, err)
		}
		w := y.Watcher()
		if err := errors.Join(w.Look(t.Context()), w.Look(t.Context())); err != nil || w.Looks != 2 {
			t.Errorf("%s by %v: after %d looks: %v", s.Group.Name, s.Group.Order, w.Looks, err)
		}
	}
}

// breach is one way to break a promise.
type breach struct {
	name  string
	spoil func(*testing.T, *story)
	says  string
}

func breaches() []breach {
	return []breach{
		{"a row is lost offline", func(t *testing.T, y *story) { y.offline.remove(y.offline.find(t, upsert)) }, "offline: lost: id="},
		{"a delete is lost offline", func(t *testing.T, y *story) {
			y.offline.remove(y.offline.find(t, func(r feature.Stored) bool { return r.Version.Delete }))
		}, "offline: lost: id="},
		{"a key is lost online", func(_ *testing.T, y *story) { y.online.remove(0) }, "online: lost: id="},
		{"a store is empty", func(_ *testing.T, y *story) { *y.offline = nil }, "offline: lost"},
		{"a row has a twin offline", func(_ *testing.T, y *story) { *y.offline = append(*y.offline, (*y.offline)[3]) }, "offline: its place is there twice"},
		{"an identity has a twin offline", func(t *testing.T, y *story) {
			r, winner := y.loser(t)
			*y.offline = append(*y.offline, old(*y.offline, winner, r))
		}, "offline: twice"},
		{"a key has a twin online", func(_ *testing.T, y *story) { *y.online = append(*y.online, (*y.online)[3]) }, "online: twice"},
		{"a row is torn", func(_ *testing.T, y *story) {
			y.online.change(3, func(r *feature.Stored) { r.Values[len(r.Values)-1] = int64(-1) })
		}, "online: not the row that was sent: id="},
		{"a null became a zero", func(t *testing.T, y *story) {
			i := y.offline.find(t, func(r feature.Stored) bool { return upsert(r) && r.Values[len(r.Values)-1] == nil })
			y.offline.change(i, func(r *feature.Stored) { r.Values[len(r.Values)-1] = int64(0) })
		}, "want <nil>"},
		{"an older row is offline", func(t *testing.T, y *story) {
			r, winner := y.loser(t)
			(*y.offline)[winner] = old(*y.offline, winner, r)
		}, "offline: not the greatest row"},
		{"a row comes from nowhere", func(_ *testing.T, y *story) {
			y.online.change(3, func(r *feature.Stored) { r.Version.Offset += 1000 })
		}, "online: no row was sent from that place"},
		{"a row has another epoch", func(_ *testing.T, y *story) {
			y.offline.change(3, func(r *feature.Stored) { r.Version.Epoch++ })
		}, "offline: no row was sent from that place"},
		{"a deleted key is online", func(t *testing.T, y *story) {
			*y.online = append(*y.online, y.deleted(t))
		}, "online: deleted, but there"},
		{"the counts don't add up", func(_ *testing.T, y *story) {
			y.count(func(s *feature.SinkProgress) { s.Tally.Late++ })
		}, "the counts don't add up"},
		{"a record was counted twice", func(_ *testing.T, y *story) {
			y.count(func(s *feature.SinkProgress) { s.Tally.Count(feature.Duplicate) })
		}, "301 records were counted, and 300 were sent before"},
		{"counted rows are not held", func(_ *testing.T, y *story) {
			y.count(func(s *feature.SinkProgress) { s.Next -= 10 })
		}, "it holds rows before 290 only"},
		{"the source is ahead", func(_ *testing.T, y *story) { y.committed++ }, "the source's offset 301 is ahead of the 300"},
	}
}

// old is a row of the log in the place of the one that beats it.
func old(rows list, winner int, r pipelinetest.Row) feature.Stored {
	row := feature.Stored{Values: slices.Clone(r.Values), Version: rows[winner].Version}
	row.Version.Offset = r.Offset
	return row
}

// deleted is an upsert of a key whose greatest row is a delete.
func (y *story) deleted(t *testing.T) feature.Stored {
	t.Helper()
	for _, row := range *y.offline {
		there := slices.ContainsFunc(*y.online, func(o feature.Stored) bool { return o.Values[0] == row.Values[0] })
		if upsert(row) && !there {
			return row
		}
	}
	t.Fatal("the story has no such row")
	return feature.Stored{}
}

// count changes what is said of the offline sink.
func (y *story) count(change func(*feature.SinkProgress)) {
	s := y.progress.Sinks["offline"]
	change(&s)
	y.progress.Sinks = maps.Clone(y.progress.Sinks)
	y.progress.Sinks["offline"] = s
}

func TestEachBreachIsFound(t *testing.T) {
	for _, b := range breaches() {
		t.Run(b.name, func(t *testing.T) {
			for _, o := range []feature.Order{feature.ByLog, feature.ByEventTime} {
				y := tell(t, rowgen.Timed(o))
				b.spoil(t, y)
				err := y.Check(t.Context())
				var broken *pipelinetest.BrokenError
				if !errors.As(err, &broken) || !strings.Contains(err.Error(), b.says) {
					t.Errorf("by %v: want %q in: %v", o, b.says, err)
				}
				if broken != nil && (len(broken.Breaches) > 10 || len(broken.Breaches) > broken.Found) {
					t.Errorf("by %v: %d described of %d", o, len(broken.Breaches), broken.Found)
				}
			}
		})
	}
}

// By log an older event time may be the newer row, and by event time it never is.
func TestTheOrderIsTheGroups(t *testing.T) {
	late := feature.Stored{Version: feature.Version{Time: 1, Offset: 1}, Values: []any{"a", int64(1), int64(2)}}
	first := feature.Stored{Version: feature.Version{Time: 2, Offset: 0}, Values: []any{"a", int64(2), int64(1)}}
	for o, right := range map[feature.Order]feature.Stored{feature.ByLog: late, feature.ByEventTime: first} {
		log := pipelinetest.NewLog(rowgen.Timed(o))
		log.Add(pipelinetest.Row{Offset: 0, Values: first.Values}, pipelinetest.Row{Offset: 1, Values: late.Values})
		for _, online := range []feature.Stored{first, late} {
			err := pipelinetest.Oracle{Log: log, Online: &list{online}}.Check(t.Context())
			if is := online.Version == right.Version; is != (err == nil) {
				t.Errorf("by %v: offset %d: %v", o, online.Version.Offset, err)
			}
		}
	}
}

// Rows that say the same are one row to a reader: dedup may keep the first.
func TestOfEqualRowsAnyMayBeKept(t *testing.T) {
	log := pipelinetest.NewLog(rowgen.Plain())
	values := []any{"a", int64(1)}
	for offset := range int64(2) {
		log.Add(pipelinetest.Row{Offset: offset, Values: values})
		o := pipelinetest.Oracle{Log: log, Offline: &list{{Values: values}}}
		if err := o.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	log.Add(pipelinetest.Row{Offset: 2, Values: []any{"a", int64(2)}})
	if err := (pipelinetest.Oracle{Log: log, Offline: &list{{Values: values}}}).Check(t.Context()); err == nil {
		t.Error("an older row passes for a newer one of other values")
	}
}

func TestARowBelongsWhereItWasSent(t *testing.T) {
	log := pipelinetest.NewLog(rowgen.Plain())
	values := []any{"a", int64(1)}
	log.Add(pipelinetest.Row{Values: values, Stores: []feature.Store{feature.Offline}}, pipelinetest.Row{Offset: 1, Dead: true})
	row := feature.Stored{Values: values, Only: true}
	if err := (pipelinetest.Oracle{Log: log, Online: &list{}, Offline: &list{row}}).Check(t.Context()); err != nil {
		t.Error(err)
	}
	err := pipelinetest.Oracle{Log: log, Online: &list{row}}.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "online: a row that was not for it") {
		t.Error(err)
	}
}

func TestWhatTheLogLostNobodyMisses(t *testing.T) {
	log := pipelinetest.NewLog(rowgen.Plain())
	kept, gone := []any{"a", int64(1)}, []any{"b", int64(2)}
	log.Add(pipelinetest.Row{Offset: 0, Values: kept}, pipelinetest.Row{Offset: 1, Values: gone})
	o := pipelinetest.Oracle{Log: log, Offline: &list{{Values: kept}}}
	if err := o.Check(t.Context()); err == nil {
		t.Error("a lost row is not missed")
	}
	log.Lose(feature.TopicPartition{}, feature.Span{From: 1, To: 2})
	if err := o.Check(t.Context()); err != nil {
		t.Errorf("a row that the log lost is missed: %v", err)
	}
}

func TestADeleteWithoutATimeTakesItsRecords(t *testing.T) {
	for _, unit := range []feature.Field{
		{Kind: feature.Int32, Logical: feature.Date},
		{Kind: feature.Int64, Logical: feature.TimestampMillis},
		{Kind: feature.Int64, Logical: feature.TimestampMicros},
		{Kind: feature.Int64, Logical: feature.TimestampNanos},
	} {
		unit.Name, unit.Nullable = "at", false
		s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"id"}, EventTime: "at"},
			[]feature.Field{{Name: "id", Kind: feature.String}, unit})
		if err != nil {
			t.Fatal(err)
		}
		for _, ms := range []int64{0, 1, -1, 1 << 40, -86_400_000, -86_400_001} {
			b := rowgen.NewBuilder(s, feature.TopicPartition{}, 0)
			b.Add(feature.Record{Timestamp: ms}, feature.Delete, "a", nil)
			want := b.Rows().Time(0)
			log := pipelinetest.NewLog(s)
			log.Add(pipelinetest.Row{Timestamp: ms, Op: feature.Delete, Values: []any{"a", nil}})
			row := feature.Stored{Version: feature.Version{Time: want, Delete: true}, Values: []any{"a", want}, RecordTime: max(ms, feature.NoTime)}
			if unit.Kind == feature.Int32 {
				row.Values[1] = int32(want)
			}
			if err := (pipelinetest.Oracle{Log: log, Offline: &list{row}}).Check(t.Context()); err != nil {
				t.Errorf("%v, %d ms: %v", unit, ms, err)
			}
		}
	}
}
