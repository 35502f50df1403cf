package readers

import (
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/pipeline/pipelinetest/rowmodel"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// lake is a table that the sink wrote, and what it must hold.
type lake struct {
	testing.TB
	sink     *parquet.Sink
	schema   *feature.Schema
	table    *table.Table
	moments  map[string]moment
	model    *rowmodel.Model
	writer   pipeline.Writer
	lane     *feature.Lane
	gen      *rowgen.Gen
	lanes    pipelinetest.Lanes
	next     int64
	failures chan error
}

// moment is the table as it was.
type moment struct {
	snapshot, time int64
	rows           map[string]feature.Stored // by identity
}

// newLake writes a table in many commits, small ones among them, so that files
// differ in the values that they hold and a reader that leaves out one too many
// loses rows; then it compacts it, and writes on.
func newLake(t testing.TB, schema *feature.Schema, partition string) *lake {
	l := &lake{
		TB: t, schema: schema, moments: map[string]moment{}, model: rowmodel.New(schema, feature.Offline), failures: make(chan error, 10),
		sink: &parquet.Sink{
			Warehouse: filepath.Join(t.TempDir(), "my größe"), // as a URI it would be written otherwise
			// The commits are all of one minute: but for those with a tag, few stay.
			CommitEvery: time.Hour, KeepSnapshots: 1, Maintain: parquet.MaintainOff, Partition: partition,
		},
		lane: &feature.Lane{TopicPartition: feature.TopicPartition{Topic: "t"}},
		gen:  &rowgen.Gen{Schema: schema, Seed: 11, Keys: 60, Times: 3, Deletes: 10, Extremes: true},
	}
	if partition != "" { // iceberg-go, which changes the spec, commits to one place and looks in another
		l.sink.Warehouse = t.TempDir()
	}
	l.open()
	for _, rows := range []int{60, 1, 3, 1, 2} {
		l.commit(rows)
	}
	l.remember("tagged")
	if partition != "" {
		l.repartition()
	}
	for _, rows := range []int{40, 1, 2, 1, 1, 5} {
		l.commit(rows)
	}
	l.remember("before")
	if done, err := l.sink.Compact(t.Context(), schema); err != nil || done.Before < 10 {
		t.Fatalf("compact: %+v, %v", done, err)
	}
	l.remember("compacted")
	for _, rows := range []int{10, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1} {
		l.commit(rows)
	}
	l.remember("head")
	l.thinned()
	if err := l.writer.Close(); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lake) open() {
	node := l.lanes.SinkNode("offline", l.schema, func(*feature.Lane, []feature.SpanTally) {}, func(err error) { l.failures <- err })
	w, err := l.sink.Open(l.Context(), node)
	if err != nil {
		l.Fatal(err)
	}
	l.writer = w
}

func (l *lake) commit(n int) {
	l.Helper()
	rows := l.gen.Batch(l.lane.TopicPartition, l.next, n)
	l.next += int64(n)
	for i := range rows.Len() {
		l.model.Add(rowmodel.Of(rows, feature.Offline, i))
	}
	if err := l.writer.Write(l.Context(), l.lane, rows); err != nil {
		l.Fatal(err)
	}
	if err := l.writer.Flush(l.Context()); err != nil {
		l.Fatal(err)
	}
}

// repartition changes the spec, as another engine does, while the table is written to.
func (l *lake) repartition() {
	l.Helper()
	l.inCatalog(func(c *icesql.Catalog) error {
		t, err := c.LoadTable(l.Context(), table.Identifier{"features", l.schema.Group.Table()})
		if err != nil {
			return err
		}
		tx := t.NewTransaction()
		u := tx.UpdateSpec(true).AddField("key_long", iceberg.BucketTransform{NumBuckets: 2}, "two").RemoveField("key_string_bucket_3")
		if err := u.Commit(); err != nil {
			return err
		}
		_, err = tx.Commit(l.Context())
		return err
	})
}

// thinned requires that history has holes.
func (l *lake) thinned() {
	l.Helper()
	n := 0
	for s := l.table.CurrentSnapshot(); s != nil && s.ParentSnapshotID != nil; n++ {
		s = l.table.SnapshotByID(*s.ParentSnapshotID)
	}
	if listed := len(l.table.Metadata().Snapshots()); n == listed || listed > 15 {
		l.Fatalf("%d snapshots are listed, %d of them without a hole", listed, n)
	}
}

// remember keeps what the table holds now, under a name, which is a tag too.
func (l *lake) remember(name string) {
	l.Helper()
	if err := l.sink.Tag(l.Context(), l.schema, name); err != nil {
		l.Fatal(err)
	}
	l.inCatalog(func(c *icesql.Catalog) (err error) {
		l.table, err = c.LoadTable(l.Context(), table.Identifier{"features", l.schema.Group.Table()})
		return err
	})
	now := l.table.CurrentSnapshot()
	l.moments[name] = moment{now.SnapshotID, now.TimestampMs, maps.Clone(l.model.Visible())}
}

func (l *lake) inCatalog(do func(*icesql.Catalog) error) {
	l.Helper()
	if err := icescan.InCatalog(l.sink.Warehouse, do); err != nil {
		l.Fatal(err)
	}
}
