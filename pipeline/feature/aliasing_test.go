package feature_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

func schemaOf(t *testing.T, g feature.Group, f ...feature.Field) *feature.Schema {
	t.Helper()
	s, err := feature.NewSchema(g, f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAForkThatIsSealedAnewLeavesTheOtherBranchAlone(t *testing.T) {
	s := schemaOf(t, feature.Group{Name: "g", PrimaryKey: []string{"k"}}, feature.Field{Name: "k", Kind: feature.String})
	r := feature.NewRows(s, feature.TopicPartition{})
	_ = r.Columns[0].Append("aaaa")
	r.Add(feature.Record{}, feature.Upsert)
	r.Seal()
	key := string(r.Key(0))
	f := r.Fork()
	c := feature.NewColumn(s.Fields[0])
	_ = c.Append("bbbb")
	f.Columns[0] = c
	f.Seal()
	if string(r.Key(0)) != key || r.Row(0).String("k") != "aaaa" {
		t.Errorf("the other branch now has key %q and value %q", r.Key(0), r.Row(0).String("k"))
	}
}

func TestATimeBeforeAllTimesIsNotAfterThem(t *testing.T) {
	s := schemaOf(t, feature.Group{Name: "g", PrimaryKey: []string{"k"}, EventTime: "at"},
		feature.Field{Name: "k", Kind: feature.Bool}, feature.Field{Name: "at", Kind: feature.Int64, Logical: feature.TimestampNanos, Nullable: true})
	r := feature.NewRows(s, feature.TopicPartition{})
	for i, ts := range []int64{math.MinInt64, 0} {
		_ = r.Columns[0].Append(true)
		_ = r.Columns[1].Append(nil)
		r.Add(feature.Record{Offset: int64(i), Timestamp: ts}, feature.Delete)
	}
	r.Seal()
	if r.Time(0) > r.Time(1) {
		t.Errorf("timestamp %d gives time %d, after %d", int64(math.MinInt64), r.Time(0), r.Time(1))
	}
}

func TestATypeThatCannotBeIsRefused(t *testing.T) {
	for _, f := range []feature.Field{
		{Name: "at", Kind: feature.String, Logical: feature.TimestampMillis},
		{Name: "at", Kind: feature.Bool, Logical: feature.Date},
	} {
		s, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}, EventTime: "at"},
			[]feature.Field{{Name: "k", Kind: feature.Bool}, f})
		if err != nil {
			continue
		}
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("%v: accepted, and Seal panics: %v", f, p)
				}
			}()
			r := feature.NewRows(s, feature.TopicPartition{})
			_ = r.Columns[0].Append(true)
			r.Columns[1].AppendNull()
			r.Columns[1].Valid = nil
			r.Add(feature.Record{}, feature.Upsert)
			r.Seal()
		}()
	}
	e := feature.Field{Kind: feature.List}
	if _, err := feature.NewSchema(feature.Group{Name: "g", PrimaryKey: []string{"k"}},
		[]feature.Field{{Name: "k", Kind: feature.Bool}, {Name: "l", Kind: feature.List, Children: []feature.Field{e}}}); err == nil {
		t.Error("a list of lists of nothing is accepted")
	}
}

func TestAValueThatIsRefusedLeavesNothingBehind(t *testing.T) {
	c := feature.NewColumn(feature.Field{Name: "l", Kind: feature.List, Children: []feature.Field{{Kind: feature.Int64}}})
	if c.Append([]any{int64(1), "x"}) == nil {
		t.Fatal("accepted")
	}
	_ = c.Append([]any{int64(2)})
	if got := c.Value(0); !reflect.DeepEqual(got, []any{int64(2)}) {
		t.Errorf("got %v, want [2]", got)
	}
	s := feature.NewColumn(feature.Field{Name: "s", Kind: feature.Int64})
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("panicked: %v", p)
		}
	}()
	_ = s.Append([]any{int64(1)})
}

func TestATimeThatDoesNotFitIsNotAnother(t *testing.T) {
	type row struct {
		K  bool      `feature:"k"`
		At time.Time `feature:"at"`
	}
	s := schemaOf(t, feature.Group{Name: "g", PrimaryKey: []string{"k"}, EventTime: "at", Order: feature.ByEventTime},
		feature.Field{Name: "k", Kind: feature.Bool}, feature.Field{Name: "at", Kind: feature.Int64, Logical: feature.TimestampNanos})
	b, err := feature.Bind(reflect.TypeFor[row](), s)
	if err != nil {
		t.Fatal(err)
	}
	r := feature.NewRows(s, feature.TopicPartition{})
	if err := b.Append(r, row{true, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Errorf("the year 9999 became %v", time.Unix(0, r.Columns[1].Int64s[0]).UTC())
	}
	r.AddPlaceholder(feature.Record{}, feature.Dead)
	if err := b.Append(r, row{true, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Error(err)
	}
}
