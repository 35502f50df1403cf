package rowgen

import (
	"bytes"
	"math"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestTheSameSettingsGiveTheSameRows(t *testing.T) {
	for _, s := range []*feature.Schema{Realistic(feature.ByLog, "entity_id", "region"), EveryType(feature.ByEventTime, nil)} {
		a := Gen{Schema: s, Seed: 7, Deletes: 10, Gaps: true, Spans: 3, Extremes: s.Group.Name == "every_type"}
		b := a
		x, y := a.Batch(feature.TopicPartition{Topic: "t"}, 100, 500), b.Batch(feature.TopicPartition{Topic: "t"}, 100, 500)
		for i := range x.Len() {
			if x.Version(i) != y.Version(i) || !bytes.Equal(x.AppendContent(nil, i), y.AppendContent(nil, i)) {
				t.Fatalf("%s: row %d differs", s.Group.Name, i)
			}
		}
	}
}

func TestABatchIsWellFormed(t *testing.T) {
	g := Gen{Schema: EveryType(feature.ByEventTime, nil), Seed: 1, Deletes: 20, Gaps: true, Spans: 4, Extremes: true}
	rows := g.Batch(feature.TopicPartition{Topic: "t"}, 50, 300)
	if rows.Len() != 300 || len(rows.Spans) != 4 || rows.Span().From != 50 {
		t.Fatalf("%d rows in spans %v", rows.Len(), rows.Spans)
	}
	for i := 1; i < 4; i++ {
		if rows.Spans[i].From != rows.Spans[i-1].To {
			t.Errorf("spans %v are not adjacent", rows.Spans)
		}
	}
	read := int64(0)
	for _, s := range rows.Tally(feature.Online) {
		read += s.Read
	}
	if read != 300 {
		t.Errorf("the spans hold %d rows", read)
	}
	for i := range rows.Columns {
		if n := rows.Columns[i].Len(); n != 300 {
			t.Errorf("column %v has %d values", rows.Columns[i].Field, n)
		}
	}
}

func TestExtremesOccur(t *testing.T) {
	g := Gen{Schema: EveryType(feature.ByLog, nil), Seed: 1, Extremes: true}
	rows := g.Batch(feature.TopicPartition{Topic: "t"}, 0, 2000)
	nan, negative, nulls := map[uint64]bool{}, 0, 0
	for _, v := range rows.Columns[g.Schema.Index("a_float64")].Float64s {
		if v != v {
			nan[math.Float64bits(v)] = true
		}
		if v == 0 && math.Signbit(v) {
			negative++
		}
	}
	list := &rows.Columns[g.Schema.Index("holes_string")]
	for i := range list.Elem().Len() {
		if list.Elem().Null(i) {
			nulls++
		}
	}
	if len(nan) < 4 || negative == 0 || nulls == 0 {
		t.Errorf("%d kinds of NaN, %d negative zeros, %d null items", len(nan), negative, nulls)
	}
}
