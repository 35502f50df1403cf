package parquet_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// reads counts the data files that are opened for a look-up.
type reads struct{ n atomic.Int64 }

func (r *reads) count(op, path string) error {
	if op == "look up" && strings.HasSuffix(path, ".parquet") {
		r.n.Add(1)
	}
	return nil
}

func TestRowsOfAnotherTimeReadNoFile(t *testing.T) {
	s, r := sinkIn(t), &reads{}
	s.Fail(r.count)
	x := open(t, s, rowgen.Timed(feature.ByEventTime))
	g := &rowgen.Gen{Schema: x.schema, Seed: 1, Keys: 10}
	l := x.lane(0)
	for i := range int64(10) {
		x.write(l, g.Batch(at(0), i*100, 100))
		x.flush()
	}
	if n := r.n.Load(); n != 0 {
		t.Errorf("%d files were read to append", n)
	}
	late := rowgen.Batch(x.schema, at(0), rowgen.Row{Offset: 1000, Key: "entity-0000000003", Time: rowgen.Base.UnixMilli() + 350_000})
	x.write(l, late)
	x.flush()
	if n := r.n.Load(); n != 1 {
		t.Errorf("%d files were read for a row of one file's time", n)
	}
}

func TestKeysOutsideAFileReadNone(t *testing.T) {
	s, r := sinkIn(t), &reads{}
	s.Fail(r.count)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	for i := range int64(9) {
		x.write(l, rowgen.Batch(x.schema, at(0),
			rowgen.Row{Offset: 2 * i, Key: fmt.Sprintf("%d-first-of-a-long-key", i)}, rowgen.Row{Offset: 2*i + 1, Key: fmt.Sprintf("%d-last", i)}))
		x.flush()
	}
	if n := r.n.Load(); n != 0 {
		t.Errorf("%d files were read for keys beyond their bounds", n)
	}
}

// Bounds of long texts are cut short: a key that begins as a file's last one
// does must still be found.
func TestKeysBeyondTheCutOfBoundsAreFound(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	long := strings.Repeat("k", 40)
	keys := []string{long + "b", long + "d", long, long + "\U0010ffff", "\U0010ffff\U0010ffff\U0010ffff\U0010ffff\U0010ffff\U0010ffff"}
	for round := range int64(3) {
		for i, k := range keys {
			offset := round*10 + int64(i)
			x.write(l, rowgen.Batch(x.schema, at(0), rowgen.Row{Offset: offset, Key: k, Value: round}))
			x.flush()
		}
	}
	if n := len(x.rows()); n != len(keys) {
		t.Errorf("%d rows of %d keys", n, len(keys))
	}
}

// Every kind of key and event time is found again in files of another commit,
// by bounds and indexes, whatever the unit.
func TestEveryKindOfIdentityIsFoundAgain(t *testing.T) {
	times := []feature.Logical{feature.TimestampMillis, feature.Plain, noTime, feature.Date, feature.TimestampMicros, feature.TimestampNanos}
	for i, key := range []feature.Field{
		{Kind: feature.Bool},
		{Kind: feature.Int32},
		{Kind: feature.Int32, Logical: feature.Date},
		{Kind: feature.Int32, Logical: feature.TimeMillis},
		{Kind: feature.Int64},
		{Kind: feature.Int64, Logical: feature.TimestampMillis},
		{Kind: feature.Int64, Logical: feature.LocalTimestampMicros},
		{Kind: feature.Int64, Logical: feature.TimestampNanos},
		{Kind: feature.String},
		{Kind: feature.Bytes},
	} {
		for _, time := range []feature.Logical{times[i%len(times)], times[(i+2)%len(times)]} {
			t.Run(fmt.Sprintf("%v_%v_%d", key.Kind, key.Logical, time), func(t *testing.T) { foundAgain(t, key, time) })
		}
	}
}

const noTime feature.Logical = 255

func foundAgain(t *testing.T, key feature.Field, time feature.Logical) {
	key.Name = "id"
	group := feature.Group{Name: "kinds", PrimaryKey: []string{"id"}, EventTime: "at", Order: feature.ByEventTime}
	at0 := feature.Field{Name: "at", Kind: feature.Int64, Logical: time}
	switch time {
	case feature.Date:
		at0.Kind = feature.Int32
	case noTime:
		group.EventTime, group.Order, at0.Logical = "", feature.ByLog, feature.Plain
	}
	schema, err := feature.NewSchema(group, []feature.Field{key, at0, {Name: "v", Kind: feature.Int64}})
	if err != nil {
		t.Fatal(err)
	}
	s := sinkIn(t)
	x := open(t, s, schema)
	l := x.lane(0)
	g := &rowgen.Gen{Schema: schema, Seed: 9, Keys: 5, Times: 3, Deletes: 20}
	ids := map[string]bool{}
	for i := range int64(3) {
		rows := g.Batch(at(0), 30*i, 30)
		for r := range rows.Len() {
			ids[string(rows.Identity(nil, r, feature.Offline))] = true
		}
		x.write(l, rows)
		x.flush()
	}
	if n := len(x.rows()); n != len(ids) {
		t.Errorf("%d rows of %d identities", n, len(ids))
	}
	got := x.tally(0)
	if got.Written-got.Replaced != int64(len(ids)) || got.Replaced == 0 || got.Superseded == 0 || !got.Balanced() {
		t.Errorf("tally %+v for %d identities", got, len(ids))
	}
}

func TestALateRowOfTheTableLoses(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	a, b := x.lane(0), x.lane(1)
	x.write(a, amounts(0, 50, 1, 2))
	x.flush()
	x.write(b, amounts(1, 10, 1, 2, 3)) // by log: lower offsets
	x.flush()
	want(t, x.rows(), []string{
		"[key-with-a-long-beginning-1 1]@0:50", "[key-with-a-long-beginning-2 2]@0:51", "[key-with-a-long-beginning-3 3]@1:12",
	})
	if got := x.tally(1); got.Late != 2 || got.Written != 1 || got.Replaced != 0 {
		t.Errorf("tally %+v, want 2 late", got)
	}
	x.write(b, amounts(1, 60, 1, 2, 3))
	x.flush()
	x.write(a, amounts(0, 52, 1))
	x.flush()
	if got := x.tally(1); got.Replaced != 3 {
		t.Errorf("tally %+v, want 3 replaced", got)
	}
	if got := x.tally(0); got.Late != 1 {
		t.Errorf("tally %+v, want 1 late", got)
	}
	if n := len(x.rows()); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
}

func TestAnOldTableCanBeReadWhileItIsWritten(t *testing.T) {
	s := sinkIn(t)
	x := open(t, s, rowgen.Plain())
	l := x.lane(0)
	for i := range int64(60) {
		x.write(l, amounts(0, i, i%7))
		x.flush()
		if n := len(scan(t, &parquet.Sink{Warehouse: s.Warehouse}, x.schema)); n != int(min(i+1, 7)) {
			t.Fatalf("%d rows after %d commits", n, i+1)
		}
	}
}
