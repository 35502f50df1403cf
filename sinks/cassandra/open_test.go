package cassandra_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
)

// refused wants Open to fail, with all of these words.
func refused(t *testing.T, s *cassandra.Sink, schema *feature.Schema, words ...string) {
	t.Helper()
	w, err := s.Open(t.Context(), node(schema, nil))
	if err == nil {
		w.Close()
		t.Fatalf("open succeeded, want an error with %q", words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no %q in: %v", word, err)
		}
	}
}

func TestWithoutCreateWhatIsMissingIsNamed(t *testing.T) {
	s, schema := freshSink(t), rowgen.Timed(feature.ByEventTime)
	s.Create = false
	refused(t, s, schema, "keyspace", s.Keyspace, "does not exist", "CREATE KEYSPACE")
	c := session(t, s)
	defer c.Close()
	if err := c.Query(`CREATE KEYSPACE "` + s.Keyspace + `" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`).Exec(); err != nil {
		t.Fatal(err)
	}
	refused(t, s, schema, schema.Group.Table(), "does not exist", "CREATE TYPE", "CREATE TABLE")
}

func TestATableOfAnotherShapeIsRefusedWithBothShapes(t *testing.T) {
	schema := rowgen.Timed(feature.ByEventTime)
	for name, c := range map[string]struct {
		layout cassandra.Layout
		made   string
		words  []string
	}{
		"another type":       {cassandra.Plain, `("id" text PRIMARY KEY, "tandem_epoch" int, "tandem_partition" int, "tandem_offset" bigint, "tandem_time" timestamp, "tandem_only" boolean, "event_time" timestamp, "amount" int)`, []string{`"amount" int,`, `"amount" bigint`}},
		"a column more":      {cassandra.Plain, `("id" text PRIMARY KEY, "tandem_epoch" int, "tandem_partition" int, "tandem_offset" bigint, "tandem_time" timestamp, "tandem_only" boolean, "event_time" timestamp, "amount" bigint, more int)`, []string{`"more" int`}},
		"a clustering key":   {cassandra.Plain, `("id" text, "tandem_epoch" int, "tandem_partition" int, "tandem_offset" bigint, "tandem_time" timestamp, "tandem_only" boolean, "event_time" timestamp, "amount" bigint, PRIMARY KEY (id, event_time))`, []string{"clustering"}},
		"another layout":     {cassandra.Packed, `("id" text PRIMARY KEY, "tandem_epoch" int, "tandem_partition" int, "tandem_offset" bigint, "tandem_time" timestamp, "tandem_only" boolean, "event_time" timestamp, "amount" bigint)`, []string{`"tandem_row" frozen<timed_1_row>`}},
		"a row not frozen":   {cassandra.Packed, `("id" text PRIMARY KEY, "tandem_row" timed_1_row)`, []string{`"tandem_row" timed_1_row,`, `"tandem_row" frozen<timed_1_row>`}},
		"another type's row": {cassandra.Packed, `("id" text PRIMARY KEY, "tandem_row" frozen<timed_1_row>)`, []string{`("amount" int)`, `("tandem_order" blob`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := freshSink(t)
			s.Layout, s.AcceptTies = c.layout, true
			x := session(t, s)
			defer x.Close()
			for _, stmt := range []string{
				`CREATE KEYSPACE "` + s.Keyspace + `" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
				`CREATE TYPE "` + s.Keyspace + `"."` + schema.Group.Table() + `_row" ("amount" int)`,
				`CREATE TABLE "` + s.Keyspace + `"."` + schema.Group.Table() + `" ` + strings.ReplaceAll(c.made, "timed_1", schema.Group.Table()),
			} {
				if err := x.Query(stmt).Exec(); err != nil {
					t.Fatalf("%s: %v", stmt, err)
				}
			}
			words := []string{"another shape", "it has", "wanted"}
			for _, w := range c.words {
				words = append(words, strings.ReplaceAll(w, "timed_1", schema.Group.Table()))
			}
			refused(t, s, schema, words...)
		})
	}
}

func TestADataCenterThatNoNodeIsInIsRefused(t *testing.T) {
	s, schema := freshSink(t), rowgen.Timed(feature.ByEventTime)
	s.DataCenter = "moon"
	refused(t, s, schema, `DataCenter "moon"`, "datacenter1")
	s.DataCenter = "datacenter1"
	open(t, s, schema)
}

func TestNamesKeepTheirCase(t *testing.T) {
	id, amount := feature.Field{Name: "User", Kind: feature.String}, feature.Field{Name: "SELECT", Kind: feature.Int64}
	for _, layout := range []cassandra.Layout{cassandra.Plain, cassandra.Packed} {
		schema, err := feature.NewSchema(feature.Group{Name: "Table", PrimaryKey: []string{"User", "select_"}},
			[]feature.Field{id, amount, {Name: "select_", Kind: feature.Bytes}})
		if err != nil {
			t.Fatal(err)
		}
		s := freshSink(t)
		s.Keyspace, s.Layout = strings.ToUpper(s.Keyspace), layout
		b := rowgen.NewBuilder(schema, feature.TopicPartition{Topic: "rows"}, 0)
		b.Add(feature.Record{}, feature.Upsert, "u", int64(5), []byte{})
		write(t, open(t, s, schema), b.Rows())
		open(t, s, schema) // finds its own table
		got := scan(t, s, schema)
		if len(got) != 1 || got[0].Values[0] != "u" || got[0].Values[1] != int64(5) {
			t.Errorf("%v: %+v", layout, got)
		}
	}
}

// By event time timestamps are those of the clock, by log they are small numbers: all rows after a change of the order
// would lose without a word.
func TestATableOfAnotherOrderIsRefused(t *testing.T) {
	ordered := func(o feature.Order) *feature.Schema {
		return rowgen.With(rowgen.Timed(feature.ByLog), func(g *feature.Group) { g.Order = o })
	}
	s := freshSink(t)
	s.Layout, s.AcceptTies = cassandra.Plain, true
	open(t, s, ordered(feature.ByLog))
	refused(t, s, ordered(feature.ByEventTime), "another shape", "order by log", "order by event-time")

	c := session(t, s)
	defer c.Close()
	table := `"` + s.Keyspace + `"."` + ordered(feature.ByLog).Group.Table() + `"`
	if err := c.Query(`ALTER TABLE ` + table + ` WITH comment = 'ours'`).Exec(); err != nil {
		t.Fatal(err)
	}
	refused(t, s, ordered(feature.ByLog), "comment", "if it is this group's, run: ALTER TABLE "+table+" WITH comment = '{")
}

func TestACommentSaysTheTTLOfNow(t *testing.T) {
	s := freshSink(t)
	schema := rowgen.Plain()
	open(t, s, schema)
	open(t, s, rowgen.With(schema, func(g *feature.Group) { g.TTL = time.Hour }))
	c := session(t, s)
	defer c.Close()
	var text string
	const find = "SELECT comment FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?"
	if err := c.Query(find, s.Keyspace, schema.Group.Table()).Scan(&text); err != nil || !strings.Contains(text, `"ttl":"1h0m0s"`) {
		t.Errorf("%s, %v", text, err)
	}
}
