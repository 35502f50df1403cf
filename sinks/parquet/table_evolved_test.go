package parquet_test

import (
	"testing"

	"github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// evolve changes the columns of a group's table as another engine does.
func evolve(t *testing.T, s *parquet.Sink, schema *feature.Schema, changes ...func(*table.UpdateSchema) *table.UpdateSchema) {
	t.Helper()
	for _, change := range changes {
		inCatalog(t, s, func(c *icesql.Catalog) error {
			tbl, err := c.LoadTable(t.Context(), table.Identifier{"features", schema.Group.Table()})
			if err != nil {
				return err
			}
			tx := tbl.NewTransaction()
			if err := change(tx.UpdateSchema(true, true)).Commit(); err != nil {
				return err
			}
			_, err = tx.Commit(t.Context())
			return err
		})
	}
}

func dropColumn(path ...string) func(*table.UpdateSchema) *table.UpdateSchema {
	return func(u *table.UpdateSchema) *table.UpdateSchema { return u.DeleteColumn(path) }
}

func addColumn(is iceberg.Type, path ...string) func(*table.UpdateSchema) *table.UpdateSchema {
	return func(u *table.UpdateSchema) *table.UpdateSchema { return u.AddColumn(path, is, "", false, nil) }
}

// What another engine makes of the columns while rows wait for their commit is
// refused in words by that commit, and when the table is opened again: no row of
// theirs is in the table, and none is half there.
func TestColumnsThatAnotherEngineChangesAreRefused(t *testing.T) {
	schema := rowgen.EveryType(feature.ByLog, nil)
	for name, c := range map[string]struct {
		change func(*table.UpdateSchema) *table.UpdateSchema
		says   string
	}{
		"renamed": {func(u *table.UpdateSchema) *table.UpdateSchema {
			return u.RenameColumn([]string{"opt_string"}, "text")
		}, "no column opt_string"},
		"dropped": {dropColumn("opt_float64"), "no column opt_float64"},
		"widened": {func(u *table.UpdateSchema) *table.UpdateSchema {
			return u.UpdateColumn([]string{"opt_int32"}, table.ColumnUpdate{FieldType: iceberg.Optional[iceberg.Type]{Val: iceberg.PrimitiveTypes.Int64, Valid: true}})
		}, "opt_int32 long"},
		"one of its own dropped": {dropColumn(feature.OffsetColumn), "no column " + feature.OffsetColumn},
	} {
		t.Run(name, func(t *testing.T) {
			s := sinkIn(t)
			x := open(t, s, schema)
			g := rowgen.Gen{Schema: schema, Seed: 1}
			l := x.lane(0)
			x.write(l, g.Batch(at(0), 0, 20))
			x.flush()
			before := countArrow(t, s, schema.Group.Table())
			x.write(l, g.Batch(at(0), 20, 20))
			evolve(t, s, schema, c.change)
			refusedBy(t, x.writer.Flush(t.Context()), c.says)
			if n := countArrow(t, s, schema.Group.Table()); n != before {
				t.Errorf("%d rows, %d before", n, before)
			}
			_, err := (&parquet.Sink{Warehouse: s.Warehouse}).Open(t.Context(), new(pipelinetest.Lanes).SinkNode("offline", schema, nil, nil))
			refusedBy(t, err, c.says)
		})
	}
}

// A column that was made anew under its name has another id: files that were begun
// before have values of nobody's, so the graph begins again, and writes to the new one.
func TestAColumnThatAnotherEngineMakesAnewIsWrittenAfterARestart(t *testing.T) {
	s, schema := sinkIn(t), rowgen.EveryType(feature.ByLog, nil)
	x := open(t, s, schema)
	g := rowgen.Gen{Schema: schema, Seed: 1}
	rows := g.Batch(at(0), 0, 20)
	x.write(x.lane(0), rows)
	evolve(t, s, schema, dropColumn("opt_float64"), addColumn(iceberg.PrimitiveTypes.Float64, "opt_float64"))
	if err := x.writer.Flush(t.Context()); !pipeline.IsRestart(err) {
		t.Fatalf("want a restart, got: %v", err)
	}
	again, same := open(t, s, schema), open(t, sinkIn(t), schema)
	for _, x := range []*session{again, same} {
		x.write(x.lane(0), rows)
		x.flush()
	}
	want(t, again.rows(), same.rows())
}

// Columns that another engine adds are theirs: the group's rows have nulls there, and
// compaction keeps the values of others.
func TestColumnsThatAnotherEngineAddsAreKept(t *testing.T) {
	s, schema := sinkIn(t), rowgen.Plain()
	x := open(t, s, schema)
	l := x.lane(0)
	x.write(l, amounts(0, 0, 1, 2, 3))
	evolve(t, s, schema, addColumn(iceberg.PrimitiveTypes.String, "note"))
	x.flush()
	x.write(l, amounts(0, 3, 3, 4))
	x.flush()
	y := open(t, s, schema)
	y.write(y.lane(0), amounts(0, 5, 5))
	y.flush()
	if _, err := s.Compact(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	alone := open(t, sinkIn(t), schema)
	alone.write(alone.lane(0), amounts(0, 0, 1, 2, 3, 3, 4, 5))
	alone.flush()
	want(t, x.rows(), alone.rows())
}

// Another engine may partition the table by its own columns too.
func TestPartitionsByTheTablesOwnColumnsAreObeyed(t *testing.T) {
	schema := keyed()
	w := newTwins(t, schema, "", 11)
	evolve(t, w.is.sink, schema, addColumn(iceberg.PrimitiveTypes.String, "note"))
	for _, field := range []struct {
		column string
		by     iceberg.Transform
	}{
		{feature.EpochColumn, iceberg.IdentityTransform{}},
		{feature.PartitionColumn, iceberg.BucketTransform{NumBuckets: 2}},
		{feature.OffsetColumn, iceberg.TruncateTransform{Width: 40}},
		{feature.TimeColumn, iceberg.DayTransform{}},
		{feature.DeletedColumn, iceberg.IdentityTransform{}},
		{feature.OnlyColumn, iceberg.IdentityTransform{}},
		{"note", iceberg.IdentityTransform{}},
	} {
		w.update(func(u *table.UpdateSpec) *table.UpdateSpec {
			return u.AddField(field.column, field.by, field.column+"_part")
		})
		w.commits(3)
		w.compare(field.column)
	}
	w.compact()
	w.commits(2)
	w.compare("compacted")
	w.tuplesHold()
}

// tuplesHold asks another reader, which prunes by partitions, for the rows of each
// value of a column that the table is partitioned by.
func (w *twins) tuplesHold() {
	w.Helper()
	counts := map[bool][]int64{}
	for _, deleted := range []bool{true, false} {
		for _, x := range []*session{w.is, w.like} {
			tbl := load(w, x.sink, x.schema.Group.Table())
			by := iceberg.EqualTo(iceberg.Reference(feature.DeletedColumn), deleted)
			_, batches, err := tbl.Scan(table.WithRowFilter(by)).ToArrowRecords(w.Context())
			if err != nil {
				w.Fatal(err)
			}
			n := int64(0)
			for b, err := range batches {
				if err != nil {
					w.Fatal(err)
				}
				n += b.NumRows()
				b.Release()
			}
			counts[deleted] = append(counts[deleted], n)
		}
	}
	for deleted, n := range counts {
		if n[0] != n[1] || n[0] == 0 {
			w.Errorf("deleted %v: %v rows, want two of one number", deleted, n)
		}
	}
}
