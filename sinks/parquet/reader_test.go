package parquet_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/sinks/parquet"
)

// load reads the table as any user of iceberg-go does.
func load(t testing.TB, s *parquet.Sink, name string) *table.Table {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Warehouse, "catalog.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := icesql.NewCatalog("default", db, icesql.SQLite, iceberg.Properties{})
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := c.LoadTable(context.Background(), table.Identifier{"features", name})
	if err != nil {
		t.Fatal(err)
	}
	return tbl
}

func snapshots(t testing.TB, s *parquet.Sink, name string) int {
	t.Helper()
	return len(load(t, s, name).Metadata().Snapshots())
}

func readArrow(t testing.TB, s *parquet.Sink, name string) arrow.Table {
	t.Helper()
	a, err := load(t, s, name).Scan().ToArrowTable(context.Background())
	if err != nil {
		t.Fatalf("iceberg-go: %v", err)
	}
	return a
}

func countArrow(t testing.TB, s *parquet.Sink, name string) int {
	t.Helper()
	return int(readArrow(t, s, name).NumRows())
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
