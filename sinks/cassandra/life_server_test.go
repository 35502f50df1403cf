package cassandra_test

import (
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

func TestARowWhoseLifeIsOverTakesOlderOnesAlong(t *testing.T) {
	s := freshSink(t)
	forever, schema := timed(0), timed(time.Hour)
	now := time.Now()
	w := open(t, s, forever)
	write(t, w, row(forever, 1, now, feature.Upsert, "old", now.Add(-3*time.Hour), 1))
	write(t, w, row(forever, 2, now, feature.Upsert, "young", now.Add(-3*time.Hour), 1))
	w = open(t, s, schema)
	write(t, w, row(schema, 3, now, feature.Upsert, "old", now.Add(-2*time.Hour), 2))
	write(t, w, row(schema, 4, now, feature.Upsert, "young", now.Add(-time.Minute), 2))
	if got := offsets(t, s, schema); len(got) != 1 || got["young"] != 4 {
		t.Errorf("want the young row alone: %v", got)
	}
}

func TestTheCellExpiresByTheRecordsTimestampAndIsWrittenAtTheEventTime(t *testing.T) {
	s, schema := freshSink(t), timed(time.Hour)
	now := time.Now()
	event := now.Add(-50 * time.Minute)
	write(t, open(t, s, schema), row(schema, 1, now.Add(-10*time.Minute), feature.Upsert, "k", event, 1))
	c := session(t, s)
	defer c.Close()
	var ttl, amount int
	var written int64
	stmt := `SELECT TTL("tandem_row"), WRITETIME("tandem_row"), "tandem_row"."amount" FROM "` + s.Keyspace + `"."` + schema.Group.Table() + `"`
	if err := c.Query(stmt).Scan(&ttl, &written, &amount); err != nil {
		t.Fatal(err)
	}
	if ttl > 50*60+1 || ttl < 49*60 {
		t.Errorf("TTL %d s: want what is left of an hour after 10 minutes", ttl)
	}
	if written != event.UnixMilli()*1000 || amount != 1 {
		t.Errorf("written at %d, amount %d: want %d and 1", written, amount, event.UnixMilli()*1000)
	}
}

func TestPlainRowsExpireAsAWhole(t *testing.T) {
	s := freshSink(t)
	schema := rowgen.With(rowgen.Plain(), func(g *feature.Group) { g.TTL = time.Hour })
	now := time.Now()
	b := rowgen.NewBuilder(schema, feature.TopicPartition{Topic: "rows"}, 0)
	b.Add(feature.Record{Offset: 0, Timestamp: now.UnixMilli()}, feature.Upsert, "k", int64(1))
	write(t, open(t, s, schema), b.Rows())
	c := session(t, s)
	defer c.Close()
	var ttls [4]int
	stmt := `SELECT TTL("tandem_epoch"), TTL("tandem_partition"), TTL("tandem_offset"), TTL("amount") FROM "` + s.Keyspace + `"."` + schema.Group.Table() + `"`
	if err := c.Query(stmt).Scan(&ttls[0], &ttls[1], &ttls[2], &ttls[3]); err != nil {
		t.Fatal(err)
	}
	for _, ttl := range ttls {
		if ttl != ttls[0] || ttl < 3500 || ttl > 3601 {
			t.Errorf("TTLs %v: want one, of an hour", ttls)
		}
	}
}
