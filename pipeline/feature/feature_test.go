package feature_test

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tandemdata/tandem/pipeline/feature"
)

var version = rapid.Custom(func(t *rapid.T) feature.Version {
	near := rapid.Int64Range(-1, 1)
	return feature.Version{
		Time:   rapid.OneOf(near, rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})).Draw(t, "time"),
		Delete: rapid.Bool().Draw(t, "delete"),
		Epoch:  int32(rapid.Int32Range(0, 1).Draw(t, "epoch")), Partition: rapid.Int32Range(0, 1).Draw(t, "partition"),
		Offset: rapid.OneOf(rapid.Int64Range(0, 2), rapid.Just(int64(math.MaxInt64))).Draw(t, "offset"),
	}
})

func TestTheOrderIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom([]feature.Order{feature.ByLog, feature.ByEventTime}).Draw(t, "order")
		a, b, c := version.Draw(t, "a"), version.Draw(t, "b"), version.Draw(t, "c")
		if o.Compare(a, b) != -o.Compare(b, a) {
			t.Fatalf("%v and %v each way: %d, %d", a, b, o.Compare(a, b), o.Compare(b, a))
		}
		if o.Compare(a, b) <= 0 && o.Compare(b, c) <= 0 && o.Compare(a, c) > 0 {
			t.Fatal("not transitive")
		}
		same := a.Epoch == b.Epoch && a.Partition == b.Partition && a.Offset == b.Offset
		if o == feature.ByLog && (o.Compare(a, b) == 0) != same {
			t.Fatal("two rows of a log tie, or one differs from itself")
		}
	})
}

func TestALateRowNeverWinsAndADeleteWinsATie(t *testing.T) {
	early, late := feature.Version{Time: 2, Offset: 1}, feature.Version{Time: 1, Offset: 9}
	if feature.ByEventTime.Compare(early, late) <= 0 || feature.ByLog.Compare(early, late) >= 0 {
		t.Error("the late row is the newest by event time, or not by log")
	}
	gone := feature.Version{Time: 2, Delete: true}
	if feature.ByEventTime.Compare(gone, early) <= 0 {
		t.Error("an upsert beats a delete of the same time")
	}
}

func TestKeysOfSeveralColumnsDoNotRunTogether(t *testing.T) {
	s := mustSchema(t, feature.Group{Name: "g", PrimaryKey: []string{"a", "b"}}, feature.Field{Name: "a", Kind: feature.String}, feature.Field{Name: "b", Kind: feature.String})
	r := feature.NewRows(s, feature.TopicPartition{})
	add(t, r, feature.Record{}, "1", "23")
	add(t, r, feature.Record{}, "12", "3")
	add(t, r, feature.Record{}, "1", "23")
	r.Seal()
	if bytes.Equal(r.Key(0), r.Key(1)) || !bytes.Equal(r.Key(0), r.Key(2)) || r.KeyDigest(0) != r.KeyDigest(2) {
		t.Errorf("%x %x %x", r.Key(0), r.Key(1), r.Key(2))
	}
}

func TestADeleteWithoutEventTimeTakesItsRecordsTimestamp(t *testing.T) {
	for logical, want := range map[feature.Logical]int64{
		feature.TimestampMillis: -1, feature.TimestampMicros: -1000, feature.TimestampNanos: -1_000_000,
	} {
		g := feature.Group{Name: "g", PrimaryKey: []string{"a"}, EventTime: "ts"}
		s := mustSchema(t, g, feature.Field{Name: "a", Kind: feature.String}, feature.Field{Name: "ts", Kind: feature.Int64, Logical: logical})
		r := feature.NewRows(s, feature.TopicPartition{})
		add(t, r, feature.Record{Timestamp: -1}, "k", nil)
		r.Seal()
		if got := r.Time(0); got != want {
			t.Errorf("%v: %d, want %d", logical, got, want)
		}
	}
	g := feature.Group{Name: "g", PrimaryKey: []string{"a"}, EventTime: "d"}
	s := mustSchema(t, g, feature.Field{Name: "a", Kind: feature.String}, feature.Field{Name: "d", Kind: feature.Int32, Logical: feature.Date})
	r := feature.NewRows(s, feature.TopicPartition{})
	add(t, r, feature.Record{Timestamp: -1}, "k", nil)
	r.Seal()
	if r.Time(0) != -1 {
		t.Errorf("a millisecond before 1970 is day %d", r.Time(0))
	}
}

func TestWhatIsAppendedIsReadAgain(t *testing.T) {
	list := feature.Field{Name: "l", Kind: feature.List, Children: []feature.Field{{Kind: feature.Float32, Nullable: true}}}
	for _, c := range []struct {
		f      feature.Field
		values []any
	}{
		{feature.Field{Kind: feature.Bool, Nullable: true}, []any{true, nil, false}},
		{feature.Field{Kind: feature.Int32}, []any{int32(math.MinInt32), int32(0)}},
		{feature.Field{Kind: feature.String, Nullable: true}, []any{nil, "", "ä"}},
		{feature.Field{Kind: feature.Bytes}, []any{[]byte{}, []byte{0}}},
		{list, []any{[]any{}, []any{float32(1), nil}, []any{}}},
	} {
		one, two := feature.NewColumn(c.f), feature.NewColumn(c.f)
		for _, v := range c.values {
			if err := one.Append(v); err != nil {
				t.Fatal(err)
			}
		}
		two.AppendNull()
		two.Extend(&one)
		for i, want := range c.values {
			if got := two.Value(i + 1); !reflect.DeepEqual(got, want) {
				t.Errorf("%v: %#v, want %#v", c.f, got, want)
			}
		}
		two.Truncate(1)
		if two.Len() != 1 || two.Value(0) != nil {
			t.Errorf("%v: %d rows are left after Truncate(1)", c.f, two.Len())
		}
	}
}

func TestAForkHasItsOwnFates(t *testing.T) {
	s := mustSchema(t, feature.Group{Name: "g", PrimaryKey: []string{"a"}}, feature.Field{Name: "a", Kind: feature.String})
	r := feature.NewRows(s, feature.TopicPartition{})
	add(t, r, feature.Record{}, "k")
	f := r.Fork()
	f.Drop(0, feature.Late, feature.Online)
	if r.Outcomes[feature.Online][0] != feature.Pending || f.Outcomes[feature.Offline][0] != feature.Pending {
		t.Error("a branch changed what another sees")
	}
	if f.Drop(0, feature.Dead, feature.Online) {
		t.Error("a row was dropped twice")
	}
}

func TestASchemaSaysAllThatIsWrong(t *testing.T) {
	_, err := feature.NewSchema(feature.Group{Name: "9", PrimaryKey: []string{"x", "f"}, EventTime: "s", Order: feature.ByEventTime}, []feature.Field{
		{Name: "f", Kind: feature.Float64}, {Name: "F", Kind: feature.Int32}, {Name: "s", Kind: feature.String}, {Name: "Tandem_offset", Kind: feature.Int64},
	})
	for _, want := range []string{`name "9"`, `"f" is a column already`, `the stores' own`, `"x" is not in the schema`, "can't be f float64", "an event time can't be s string"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

// click has a column of each type that a struct can hold.
type click struct {
	ID   string    `feature:"id"`
	At   time.Time `feature:"at"`
	N    *int64    `feature:"n"`
	List []float32 `feature:"list"`
	Note string    `feature:"-"`
}

func TestAStructBindsToColumns(t *testing.T) {
	fields, err := feature.Fields(reflect.TypeFor[click](), &feature.Schema{})
	if err != nil {
		t.Fatal(err)
	}
	s := mustSchema(t, feature.Group{Name: "g", PrimaryKey: []string{"id"}, EventTime: "at"}, fields...)
	b, err := feature.Bind(reflect.TypeFor[click](), s)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(7)
	want := click{ID: "a", At: time.UnixMicro(-1).UTC(), N: &n, List: []float32{1}}
	r := feature.NewRows(s, feature.TopicPartition{})
	if err := b.Append(r, want); err != nil {
		t.Fatal(err)
	}
	r.Add(feature.Record{}, feature.Upsert)
	var got click
	b.Read(r, 0, &got)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestANullableColumnNeedsAPointer(t *testing.T) {
	type row struct {
		ID string `feature:"id"`
		N  int64  `feature:"n"`
	}
	s := mustSchema(t, feature.Group{Name: "g", PrimaryKey: []string{"id"}},
		feature.Field{Name: "id", Kind: feature.String}, feature.Field{Name: "n", Kind: feature.Int64, Nullable: true})
	if _, err := feature.Bind(reflect.TypeFor[row](), s); err == nil || !strings.Contains(err.Error(), "must be a pointer") {
		t.Errorf("got %v", err)
	}
}

func mustSchema(t *testing.T, g feature.Group, fields ...feature.Field) *feature.Schema {
	t.Helper()
	s, err := feature.NewSchema(g, fields)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func add(t *testing.T, r *feature.Rows, rec feature.Record, values ...any) {
	t.Helper()
	for i, v := range values {
		if err := r.Columns[i].Append(v); err != nil {
			t.Fatal(err)
		}
	}
	r.Add(rec, feature.Upsert)
}
