package cassandra_test

import (
	"strings"
	"testing"

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
		"another type":       {cassandra.Plain, `("id" text PRIMARY KEY, "_epoch" int, "_partition" int, "_offset" bigint, "event_time" timestamp, "amount" int)`, []string{`"amount" int,`, `"amount" bigint`}},
		"a column more":      {cassandra.Plain, `("id" text PRIMARY KEY, "_epoch" int, "_partition" int, "_offset" bigint, "event_time" timestamp, "amount" bigint, more int)`, []string{`"more" int`}},
		"a clustering key":   {cassandra.Plain, `("id" text, "_epoch" int, "_partition" int, "_offset" bigint, "event_time" timestamp, "amount" bigint, PRIMARY KEY (id, event_time))`, []string{"clustering"}},
		"another layout":     {cassandra.Packed, `("id" text PRIMARY KEY, "_epoch" int, "_partition" int, "_offset" bigint, "event_time" timestamp, "amount" bigint)`, []string{`"row" frozen<timed_1_row>`}},
		"a row not frozen":   {cassandra.Packed, `("id" text PRIMARY KEY, "row" timed_1_row)`, []string{`"row" timed_1_row,`, `"row" frozen<timed_1_row>`}},
		"another type's row": {cassandra.Packed, `("id" text PRIMARY KEY, "row" frozen<timed_1_row>)`, []string{`("amount" int)`, `("_order" blob`}},
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
