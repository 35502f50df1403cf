package cassandra

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestOnlyTheNewestLiveRowOfAKeyStays(t *testing.T) {
	r := seeded(t)
	for _, order := range []feature.Order{feature.ByLog, feature.ByEventTime} {
		g := &rowgen.Gen{Schema: rowgen.Timed(order), Seed: r.Uint64(), Keys: 20, Times: 5, Deletes: 20, Gaps: true}
		rows := g.Batch(feature.TopicPartition{Topic: "rows"}, 0, 200)
		for range 40 {
			rows.Drop(r.IntN(200), feature.Late, feature.Online)
		}
		before := slices.Clone(rows.Outcomes[feature.Online])
		newest := map[string]int{}
		for i, outcome := range before {
			best, ok := newest[string(rows.Key(i))]
			if outcome == feature.Pending && (!ok || order.Compare(rows.Version(i), rows.Version(best)) > 0) {
				newest[string(rows.Key(i))] = i
			}
		}
		collapse(rows, map[feature.Digest]int{})
		for i, outcome := range rows.Outcomes[feature.Online] {
			want := before[i]
			if want == feature.Pending && newest[string(rows.Key(i))] != i {
				want = feature.Superseded
			}
			if outcome != want {
				t.Errorf("by %v: row %d is %v, want %v", order, i, outcome, want)
			}
		}
	}
}

func TestABadRowIsNamed(t *testing.T) {
	text := feature.Field{Name: "text", Kind: feature.List, Children: []feature.Field{{Kind: feature.String, Nullable: true}}}
	s := schemaOf(t, feature.Group{EventTime: "at", Order: feature.ByEventTime}, eventMicros, text)
	at := feature.TopicPartition{Topic: "clicks", Partition: 3}
	for want, values := range map[string][]any{
		"the primary key is empty":                          {"", int64(0), nil},
		"the primary key has 70000 bytes":                   {strings.Repeat("k", 70000), int64(0), nil},
		`primary-key column "id" is null`:                   {nil, int64(0), nil},
		`column "text": "a\xff" is not UTF-8`:               {"k", int64(0), []any{nil, "a\xff"}},
		`column "id": "\xff" is not UTF-8`:                  {"\xff", int64(0), nil},
		"event time -9223372036854775808: out of the range": {"k", int64(-1 << 63), nil},
	} {
		b := rowgen.NewBuilder(s, at, 41)
		b.Add(feature.Record{Offset: 41}, feature.Upsert, "good", int64(1), nil)
		b.Add(feature.Record{Offset: 1042}, feature.Upsert, values...)
		r := request{table: newTable("ks", Packed, s)}
		rows := b.Rows()
		if err := r.encode(rows, 0, span{}); err != nil {
			t.Fatal(err)
		}
		err := r.encode(rows, 1, span{})
		var named *pipeline.RecordError
		if !errors.As(err, &named) || named.Offset != 1042 || named.TopicPartition != at || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s of clicks/3@1042, got: %v", want, err)
		}
	}
}

func TestRowsTakenTogetherBindAsTheyDoAlone(t *testing.T) {
	rows := extremes(t)
	for _, layout := range []Layout{Plain, Packed} {
		tb := newTable("ks", layout, rows.Schema)
		all, one := request{table: tb}, request{table: tb}
		var want []string
		for i := range 50 {
			one.reset()
			if err := one.encode(rows, i, span{}); err != nil {
				t.Fatal(err)
			}
			one.bind()
			want = append(want, text(&one, one.rows[0]))
			all.take(&one)
		}
		all.bind()
		for i, row := range all.rows {
			if got := text(&all, row); got != want[i] {
				t.Errorf("%v: row %d of many is\n%s\nand alone\n%s", layout, i, got, want[i])
			}
		}
	}
}

// text is what a row binds, nulls and empties told apart.
func text(r *request, row wireRow) string {
	out := fmt.Sprintf("%v %x:", row.remove, r.key(row))
	for _, arg := range r.bound(row) {
		if w, ok := arg.(*wire); ok {
			arg = []byte(*w)
		}
		out += fmt.Sprintf(" %#v", arg)
	}
	return out
}
