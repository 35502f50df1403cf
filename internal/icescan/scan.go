// Package icescan reads the offline table by iceberg-go alone, as any user of that
// library does: what a test says of the table is then not said by the code that wrote it.
package icescan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"
	_ "modernc.org/sqlite" // the catalog's database

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Table is the table of a group in a warehouse.
type Table struct {
	Warehouse string
	Ref       string // tag or branch; default: main
}

// Load reads the table's metadata.
func (t Table) Load(ctx context.Context, s *feature.Schema) (tbl *table.Table, err error) {
	err = InCatalog(t.Warehouse, func(c *icesql.Catalog) (err error) {
		tbl, err = c.LoadTable(ctx, table.Identifier{"features", s.Group.Table()})
		return err
	})
	return tbl, err
}

// InCatalog gives a warehouse's catalog, as another engine opens it.
func InCatalog(warehouse string, do func(*icesql.Catalog) error) (err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(warehouse, "catalog.db")+"?mode=rw&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c, err := icesql.NewCatalog("default", db, icesql.SQLite, iceberg.Properties{"warehouse": "file://" + warehouse})
	if err != nil {
		return err
	}
	return do(c)
}

// Scan gives the table's rows in the units of the schema, in no order.
func (t Table) Scan(ctx context.Context, s *feature.Schema) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		batches, err := t.batches(ctx, s)
		if err != nil {
			yield(feature.Stored{}, err)
			return
		}
		for b, err := range batches {
			if err != nil {
				yield(feature.Stored{}, err)
				return
			}
			more, err := each(b, s, yield)
			b.Release()
			if err != nil {
				yield(feature.Stored{}, err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

func (t Table) batches(ctx context.Context, s *feature.Schema) (iter.Seq2[arrow.RecordBatch, error], error) {
	tbl, err := t.Load(ctx, s)
	if err != nil {
		return nil, err
	}
	scan := tbl.Scan()
	if t.Ref != "" {
		if scan, err = scan.UseRef(t.Ref); err != nil {
			return nil, err
		}
	}
	_, batches, err := scan.ToArrowRecords(ctx)
	return batches, err
}

// each gives a batch's rows, until the caller has enough.
func each(b arrow.RecordBatch, s *feature.Schema, yield func(feature.Stored, error) bool) (more bool, err error) {
	r := reader{schema: s, columns: map[string]arrow.Array{}}
	for i, f := range b.Schema().Fields() {
		r.columns[f.Name] = b.Column(i)
	}
	for i := range int(b.NumRows()) {
		row, err := r.row(i)
		if err != nil || !yield(row, nil) {
			return false, err
		}
	}
	return true, nil
}

// reader reads the rows of one batch.
type reader struct {
	schema  *feature.Schema
	columns map[string]arrow.Array
}

func (r *reader) row(i int) (row feature.Stored, err error) {
	row.Values = make([]any, len(r.schema.Fields))
	for c, f := range r.schema.Fields {
		a, ok := r.columns[f.Name]
		if !ok {
			return row, fmt.Errorf("the table has no column %s", f.Name)
		}
		if row.Values[c], err = value(a, i, f); err != nil {
			return row, fmt.Errorf("column %s: %w", f.Name, err)
		}
	}
	if t := r.schema.Time(); t >= 0 {
		row.Version.Time = integer(row.Values[t])
	}
	return row, r.own(&row, i)
}

// own reads the table's own columns.
func (r *reader) own(row *feature.Stored, i int) error {
	epoch, ok1 := r.columns[feature.EpochColumn].(*array.Int32)
	partition, ok2 := r.columns[feature.PartitionColumn].(*array.Int32)
	offset, ok3 := r.columns[feature.OffsetColumn].(*array.Int64)
	time, ok4 := r.columns[feature.TimeColumn].(*array.Timestamp)
	deleted, ok5 := r.columns[feature.DeletedColumn].(*array.Boolean)
	only, ok6 := r.columns[feature.OnlyColumn].(*array.Boolean)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 {
		return errors.New("the table's own columns are missing, or of another type")
	}
	v := &row.Version
	v.Epoch, v.Partition, v.Offset, v.Delete = epoch.Value(i), partition.Value(i), offset.Value(i), deleted.Value(i)
	row.RecordTime, row.Only = feature.NoTime, !only.IsNull(i) && only.Value(i)
	if !time.IsNull(i) {
		row.RecordTime = int64(time.Value(i)) / 1000
	}
	return nil
}

func integer(v any) int64 {
	switch v := v.(type) {
	case int32:
		return int64(v)
	case int64:
		return v
	}
	return 0
}
