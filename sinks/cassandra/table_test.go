package cassandra

import (
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline/feature"
)

var sample = []feature.Field{
	{Name: "At", Kind: feature.Int64, Logical: feature.TimestampMillis},
	{Name: "day", Kind: feature.Int32, Logical: feature.Date},
	{Name: "tags", Kind: feature.List, Children: []feature.Field{{Kind: feature.String, Nullable: true}}},
	feature.ListOf("grid", feature.ListOf("", feature.Field{Kind: feature.Float32})),
}

func TestStatementsOfPlainColumns(t *testing.T) {
	tb := newTable("Features", Plain, schemaOf(t, feature.Group{PrimaryKey: []string{"id", "day"}}, sample...))
	sameText(t, tb.createStatements(), `CREATE TABLE IF NOT EXISTS "Features"."g_1" ("id" text, "day" date, "tandem_epoch" int, `+
		`"tandem_partition" int, "tandem_offset" bigint, "tandem_time" timestamp, "tandem_only" boolean, "At" timestamp, "tags" frozen<list<frozen<tuple<text>>>>, `+
		`"grid" frozen<list<frozen<list<float>>>>, PRIMARY KEY (("id", "day"))) WITH comment = '{"format":1,"group":"g","version":1,"primary_key":["id","day"],"order":"log",`+
		`"features":{"At":"int64/timestamp-millis","day":"int32/date","grid":"list<list<float32>>","id":"string","tags":"list<string?>"}}'`)
	sameText(t, []string{tb.upsert(), tb.remove(), tb.scan()},
		`UPDATE "Features"."g_1" USING TIMESTAMP ? AND TTL ? SET "tandem_epoch" = ?, "tandem_partition" = ?, "tandem_offset" = ?, "tandem_time" = ?, "tandem_only" = ?, "At" = ?, `+
			`"tags" = ?, "grid" = ? WHERE "id" = ? AND "day" = ?`,
		`DELETE FROM "Features"."g_1" USING TIMESTAMP ? WHERE "id" = ? AND "day" = ?`,
		`SELECT "id", "day", "tandem_epoch", "tandem_partition", "tandem_offset", "tandem_time", "tandem_only", "At", "tags", "grid", WRITETIME("tandem_only"), WRITETIME("tandem_offset") FROM "Features"."g_1"`)
}

func TestStatementsOfAPackedRow(t *testing.T) {
	tb := newTable("ks", Packed, schemaOf(t, feature.Group{EventTime: "At", Order: feature.ByEventTime}, sample[:2]...))
	sameText(t, tb.createStatements(),
		`CREATE TYPE IF NOT EXISTS "ks"."g_1_row" ("tandem_order" blob, "tandem_epoch" int, "tandem_partition" int, "tandem_offset" bigint, "tandem_time" timestamp, "tandem_only" boolean, "At" timestamp, "day" date)`,
		`CREATE TABLE IF NOT EXISTS "ks"."g_1" ("id" text, "tandem_row" frozen<"g_1_row">, PRIMARY KEY (("id"))) WITH comment = '{"format":1,"group":"g","version":1,"primary_key":["id"],`+
			`"event_time":"At","order":"event-time","features":{"At":"int64/timestamp-millis","day":"int32/date","id":"string"}}'`)
	sameText(t, []string{tb.upsert(), tb.remove(), tb.scan()},
		`UPDATE "ks"."g_1" USING TIMESTAMP ? AND TTL ? SET "tandem_row" = ? WHERE "id" = ?`,
		`DELETE FROM "ks"."g_1" USING TIMESTAMP ? WHERE "id" = ?`,
		`SELECT "id", "tandem_row" FROM "ks"."g_1"`)
}

func TestStatementsOfAKeyspace(t *testing.T) {
	sameText(t, []string{createKeyspace("ks", nil), createKeyspace("ks", map[string]string{"class": "NetworkTopologyStrategy", "it's": "3"})},
		`CREATE KEYSPACE IF NOT EXISTS "ks" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': '1'}`,
		`CREATE KEYSPACE IF NOT EXISTS "ks" WITH replication = {'class': 'NetworkTopologyStrategy', 'it''s': '3'}`)
}

func sameText(t *testing.T, got []string, want ...string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

func FuzzQuotedNamesStayOneName(f *testing.F) {
	f.Add(`a`)
	f.Add(`a"; DROP TABLE b; --`)
	f.Add(`""`)
	f.Fuzz(func(t *testing.T, name string) {
		q := quote(name)
		inner := q[1 : len(q)-1]
		if strings.Contains(strings.ReplaceAll(inner, `""`, ""), `"`) {
			t.Fatalf("%q: the quote ends within %s", name, q)
		}
		if back := strings.ReplaceAll(inner, `""`, `"`); back != name {
			t.Fatalf("%q reads back as %q", name, back)
		}
		l := literal(name)
		if strings.Contains(strings.ReplaceAll(l[1:len(l)-1], `''`, ""), `'`) {
			t.Fatalf("%q: the literal ends within %s", name, l)
		}
	})
}
