package parquet_test

import (
	"context"
	"iter"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// load reads the table as any user of iceberg-go does.
func load(t testing.TB, s *parquet.Sink, name string) (tbl *table.Table) {
	t.Helper()
	inCatalog(t, s, func(c *icesql.Catalog) (err error) {
		tbl, err = c.LoadTable(context.Background(), table.Identifier{"features", name})
		return err
	})
	return tbl
}

// change commits to the table's metadata, as another engine does.
func change(t testing.TB, s *parquet.Sink, tbl *table.Table, updates ...table.Update) {
	t.Helper()
	inCatalog(t, s, func(c *icesql.Catalog) error {
		_, _, err := c.CommitTable(context.Background(), tbl.Identifier(), nil, updates)
		return err
	})
}

func inCatalog(t testing.TB, s *parquet.Sink, do func(*icesql.Catalog) error) {
	t.Helper()
	if err := icescan.InCatalog(s.Warehouse, do); err != nil {
		t.Fatal(err)
	}
}

func snapshots(t testing.TB, s *parquet.Sink, name string) int {
	t.Helper()
	return len(load(t, s, name).Metadata().Snapshots())
}

// readArrow gives the table batch by batch.
func readArrow(t testing.TB, tbl *table.Table) iter.Seq[arrow.RecordBatch] {
	t.Helper()
	_, batches, err := tbl.Scan().ToArrowRecords(context.Background())
	if err != nil {
		t.Fatalf("iceberg-go: %v", err)
	}
	return func(yield func(arrow.RecordBatch) bool) {
		for b, err := range batches {
			if err != nil {
				t.Fatalf("iceberg-go: %v", err)
			}
			more := yield(b)
			b.Release()
			if !more {
				return
			}
		}
	}
}

func countArrow(t testing.TB, s *parquet.Sink, name string) int {
	t.Helper()
	return countIn(t, load(t, s, name))
}

func countIn(t testing.TB, tbl *table.Table) int {
	t.Helper()
	n := 0
	for b := range readArrow(t, tbl) {
		n += int(b.NumRows())
	}
	return n
}

func metadataFiles(t testing.TB, s *parquet.Sink, name string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Warehouse, "features", name, "metadata", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func dataFiles(t testing.TB, s *parquet.Sink, name string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Warehouse, "features", name, "data", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}
