package parquet_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

func TestAPartitionIsReadOrItsFaultIsNamed(t *testing.T) {
	s := sinkIn(t)
	schema := rowgen.EveryType(feature.ByEventTime, nil)
	for text, says := range map[string]string{
		"":                "",
		"day(event_time)": "",
		"days(event_time) , bucket(4, key_string),truncate(2,key_bytes)": "",
		"bucket(key_string, 4)":            "",
		"key_string":                       "",
		"identity(key_int)":                "",
		"day(event_time":                   "a bracket is not closed",
		"day()":                            "want one column",
		"day(event_time, key_int)":         "want one column",
		"week(event_time)":                 "no transform is called so",
		"bucket(key_string)":               "want a number",
		"bucket(0, key_string)":            "want a number",
		"day(nobody)":                      "no column nobody",
		"opt_string":                       "neither of the key nor the event time",
		"day(key_string)":                  "day can't be of column key_string",
		"day(event_time) key_int":          "is no field",
		"day(event_time),hour(event_time)": "partition",
		"key int":                          "is no field",
	} {
		s.Partition = text
		err := s.Check(schema)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// twins are a sink whose table is partitioned and one whose table is not, to which
// the same is written.
type twins struct {
	*testing.T
	is, like *session
	gen      *rowgen.Gen
	next     int64
	rand     *rand.Rand
}

func newTwins(t *testing.T, schema *feature.Schema, partition string, seed uint64) *twins {
	s, plain := sinkIn(t), sinkIn(t)
	s.Partition, s.OpenFiles = partition, 3
	return &twins{
		t, open(t, s, schema), open(t, plain, schema),
		&rowgen.Gen{Schema: schema, Seed: seed, Keys: 80, Times: 4, Deletes: 10, Extremes: true}, 0, rand.New(rand.NewPCG(seed, 1)),
	}
}

// commits writes so many to both.
func (w *twins) commits(n int) {
	w.Helper()
	for range n {
		rows := w.gen.Batch(at(0), w.next, 1+w.rand.IntN(60))
		w.next += int64(rows.Len())
		for _, x := range []*session{w.is, w.like} {
			x.write(x.lane(0), rows)
			x.flush()
		}
	}
}

func (w *twins) compare(when string) {
	w.Helper()
	if got, want := w.is.rows(), w.like.rows(); !slices.Equal(got, want) {
		w.Fatalf("%s: %d rows, want %d", when, len(got), len(want))
	}
}

func (w *twins) compact() {
	w.Helper()
	if _, err := w.is.sink.Compact(w.Context(), w.is.schema); err != nil {
		w.Fatal(err)
	}
}

// keyed has a column of each kind that a key may have, and few others.
func keyed() *feature.Schema {
	return rowgen.EveryType(feature.ByEventTime, func(f feature.Field) bool {
		return strings.HasPrefix(f.Name, "key_") || f.Name == "opt_string" || f.Name == "opt_double"
	})
}

func TestEveryTransformOfEveryKey(t *testing.T) {
	schema := keyed()
	var partitions []string
	for _, f := range schema.Fields {
		if !schema.IsKey(schema.Index(f.Name)) && f.Name != "event_time" {
			continue
		}
		for _, by := range []string{"%s", "bucket(3, %s)", "truncate(2, %s)", "year(%s)", "month(%s)", "day(%s)", "hour(%s)"} {
			partition := fmt.Sprintf(by, f.Name)
			if (&parquet.Sink{Warehouse: "w", Partition: partition}).Check(schema) == nil {
				partitions = append(partitions, partition)
			}
		}
	}
	partitions = append(partitions, "month(event_time), bucket(2, key_string)")
	t.Logf("%d: %q", len(partitions), partitions)
	for i, partition := range partitions {
		t.Run(partition, func(t *testing.T) {
			w := newTwins(t, schema, partition, uint64(i))
			w.commits(4)
			w.compare("after four commits")
			w.is.close()
			w.is = open(t, w.is.sink, schema)
			w.commits(3)
			w.compare("opened again")
			w.compact()
			w.commits(2)
			w.compare("compacted")
		})
	}
}

// Another engine changes the spec, again and again, while the sink is open.
func TestASpecThatAnotherEngineChangesIsObeyed(t *testing.T) {
	schema := keyed()
	w := newTwins(t, schema, "bucket(2, key_string)", 7)
	for _, c := range []struct {
		name   string
		change func(*table.UpdateSpec) *table.UpdateSpec
	}{
		{"a field more", func(u *table.UpdateSpec) *table.UpdateSpec {
			return u.AddField("event_time", iceberg.MonthTransform{}, "month")
		}},
		{"a field of a feature", func(u *table.UpdateSpec) *table.UpdateSpec {
			return u.AddField("opt_string", iceberg.BucketTransform{NumBuckets: 2}, "by_feature")
		}},
		{"a field less", func(u *table.UpdateSpec) *table.UpdateSpec { return u.RemoveField("key_string_bucket_2") }},
		{"none", func(u *table.UpdateSpec) *table.UpdateSpec { return u.RemoveField("month").RemoveField("by_feature") }},
	} {
		w.commits(3)
		w.update(c.change)
		w.commits(3)
		w.compare(c.name)
		w.compact()
		w.commits(1)
		w.compare(c.name + ", compacted")
		w.filtered(c.name)
	}
}

func (w *twins) update(change func(*table.UpdateSpec) *table.UpdateSpec) {
	w.Helper()
	inCatalog(w, w.is.sink, func(c *icesql.Catalog) error {
		tbl, err := c.LoadTable(w.Context(), table.Identifier{"features", w.is.schema.Group.Table()})
		if err != nil {
			return err
		}
		tx := tbl.NewTransaction()
		if err := change(tx.UpdateSpec(true)).Commit(); err != nil {
			return err
		}
		_, err = tx.Commit(w.Context())
		return err
	})
}

// filtered asks another reader for the rows of some times, which it prunes by.
func (w *twins) filtered(when string) {
	w.Helper()
	counts := [2]int64{}
	for i, x := range []*session{w.is, w.like} {
		tbl := load(w, x.sink, x.schema.Group.Table())
		by := iceberg.GreaterThan(iceberg.Reference("event_time"), iceberg.Timestamp(0))
		_, batches, err := tbl.Scan(table.WithRowFilter(by)).ToArrowRecords(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		for b, err := range batches {
			if err != nil {
				w.Fatal(err)
			}
			counts[i] += b.NumRows()
			b.Release()
		}
	}
	if counts[0] != counts[1] || counts[0] == 0 {
		w.Errorf("%s: %d rows by a filter, want %d", when, counts[0], counts[1])
	}
}
