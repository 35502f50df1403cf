package cassandra_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
)

// timed is rowgen's smallest schema, with more columns to tear and a TTL.
func timed(ttl time.Duration) *feature.Schema {
	return rowgen.With(rowgen.Timed(feature.ByEventTime), func(g *feature.Group) { g.TTL = ttl })
}

// row is a batch of one row.
func row(s *feature.Schema, offset int64, record time.Time, op feature.Op, key string, event time.Time, amount int64) *feature.Rows {
	b := rowgen.NewBuilder(s, feature.TopicPartition{Topic: "rows"}, offset)
	b.Add(feature.Record{Offset: offset, Timestamp: record.UnixMilli()}, op, key, event.UnixMilli(), amount)
	return b.Rows()
}

// offsets are what is in the store, by key.
func offsets(t *testing.T, s *cassandra.Sink, schema *feature.Schema) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for _, r := range scan(t, s, schema) {
		out[r.Values[0].(string)] = r.Version.Offset
	}
	return out
}

func TestOfEqualEventTimesTheLaterOffsetWinsInBothArrivalOrders(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Hour} {
		t.Run(fmt.Sprintf("ttl=%v", ttl), func(t *testing.T) {
			s, schema := freshSink(t), timed(ttl)
			w := open(t, s, schema)
			now := time.Now()
			older := func(key string) *feature.Rows {
				return row(schema, 3, now.Add(-time.Minute), feature.Upsert, key, now.Add(-time.Minute), 1)
			}
			newer := func(key string) *feature.Rows {
				return row(schema, 7, now, feature.Upsert, key, now.Add(-time.Minute), 2)
			}
			write(t, w, older("forth"))
			write(t, w, newer("forth"))
			write(t, w, newer("back"))
			write(t, open(t, s, schema), older("back")) // a second process, which is behind
			if got := offsets(t, s, schema); got["forth"] != 7 || got["back"] != 7 {
				t.Errorf("want offset 7 of both: %v", got)
			}
		})
	}
}

func TestADeleteWinsAtEqualEventTime(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Hour} {
		s, schema := freshSink(t), timed(ttl)
		w := open(t, s, schema)
		now := time.Now()
		for key, order := range map[string][]feature.Op{"forth": {feature.Upsert, feature.Delete}, "back": {feature.Delete, feature.Upsert}} {
			for i, op := range order {
				write(t, w, row(schema, int64(i), now, op, key, now, 1))
			}
		}
		write(t, w, row(schema, 9, now, feature.Delete, "revived", now, 1))
		write(t, w, row(schema, 8, now, feature.Upsert, "revived", now.Add(time.Millisecond), 1))
		if got := offsets(t, s, schema); len(got) != 1 || got["revived"] != 8 {
			t.Errorf("TTL %v: want the revived row alone: %v", ttl, got)
		}
	}
}

// Two writers race with rows of the same keys and few event times, each in an order of its own.
func TestTwoWritersAtOnceLeaveTheGreatestRowsWhole(t *testing.T) {
	const seed = 5
	t.Logf("seed %d", seed)
	s, schema := freshSink(t), rowgen.Realistic(feature.ByEventTime)
	g := &rowgen.Gen{Schema: schema, Seed: seed, Keys: 50, Times: 3, Deletes: 10}
	var sent []*feature.Rows
	for i := range 40 {
		sent = append(sent, g.Batch(feature.TopicPartition{Topic: "rows", Partition: int32(i % 2)}, int64(i)*100, 100))
	}
	var racing sync.WaitGroup
	for part := range 2 {
		w := open(t, s, schema)
		racing.Go(func() {
			order := sent
			if part == 1 {
				order = slices.Clone(sent)
				slices.Reverse(order)
			}
			for _, rows := range order {
				if err := w.Write(t.Context(), lane(rows.TopicPartition), rows.Fork()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	racing.Wait()
	want := map[string]string{}
	best := map[string]feature.Version{}
	for _, rows := range sent {
		for i := range rows.Len() {
			key := string(rows.Key(i))
			if old, ok := best[key]; ok && schema.Group.Order.Compare(rows.Version(i), old) < 0 {
				continue
			}
			best[key] = rows.Version(i)
			want[key] = whole(rows.Version(i), func(c int) any { return rows.Columns[c].Value(i) }, len(schema.Fields))
		}
	}
	expected := map[string]bool{}
	for key, v := range best {
		if !v.Delete {
			expected[want[key]] = true
		}
	}
	got := scan(t, s, schema)
	if len(got) != len(expected) {
		t.Errorf("%d rows, want %d", len(got), len(expected))
	}
	for _, r := range got {
		if text := whole(r.Version, func(c int) any { return r.Values[c] }, len(r.Values)); !expected[text] {
			t.Errorf("not the greatest row of its key, or not whole: %s", text)
		}
	}
}

func whole(v feature.Version, value func(int) any, n int) string {
	out := fmt.Sprintf("%+v", v)
	for c := range n {
		out += fmt.Sprintf(" %#v", value(c))
	}
	return out
}
