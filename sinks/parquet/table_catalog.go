package parquet

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the catalog's database
)

const (
	catalogName = "default" // what readers call a catalog that they were given no name for
	namespace   = "features"
)

// sqlCatalog is Iceberg's SQL catalog in SQLite, with a commit of its own: the
// library writes a table's metadata without syncing it, so that after a power
// cut the catalog could name a file that is empty. It also distinguishes a commit
// that another writer was faster than from one that failed, and keeps the table
// that it parsed last.
type sqlCatalog struct {
	*icesql.Catalog
	db   *sql.DB
	disk *disk

	mu     sync.Mutex
	loaded *table.Table
}

var _ table.CatalogIO = (*sqlCatalog)(nil)

// errMoved is a commit that another writer was faster than: the table is not the
// one that it was built on.
var errMoved = errors.New("the table was changed by another writer")

func openCatalog(warehouse string, d *disk) (*sqlCatalog, error) {
	if err := os.MkdirAll(warehouse, 0o755); err != nil {
		return nil, err
	}
	dsn := "file:" + filepath.Join(warehouse, "catalog.db") +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	c, err := icesql.NewCatalog(catalogName, db, icesql.SQLite, iceberg.Properties{"warehouse": "file://" + warehouse})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("catalog %s: %w", filepath.Join(warehouse, "catalog.db"), err), db.Close())
	}
	return &sqlCatalog{Catalog: c, db: db, disk: d}, nil
}

func (c *sqlCatalog) close() error { return errors.Join(c.Catalog.Close(), c.db.Close()) }

func (c *sqlCatalog) fs(context.Context) (iceio.IO, error) { return c.disk, nil }

// LoadTable reads the table as it is now.
func (c *sqlCatalog) LoadTable(ctx context.Context, id table.Identifier) (*table.Table, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var location string
	err := c.db.QueryRowContext(ctx, `SELECT metadata_location FROM iceberg_tables
		WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?`, catalogName, id[0], id[1]).Scan(&location)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: %s", catalog.ErrNoSuchTable, strings.Join(id, "."))
	}
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	if c.loaded != nil && c.loaded.MetadataLocation() == location {
		return c.loaded, nil
	}
	t, err := table.NewFromLocation(ctx, id, location, c.fs, c)
	if err != nil {
		return nil, fmt.Errorf("table metadata %s: %w", location, err)
	}
	c.loaded = t
	return t, nil
}

// CommitTable is a compare-and-swap on the table's metadata, which is durable
// before the catalog names it. After any error but errMoved the commit may be in
// the table nevertheless.
func (c *sqlCatalog) CommitTable(ctx context.Context, id table.Identifier, reqs []table.Requirement, updates []table.Update) (table.Metadata, string, error) {
	was, err := c.LoadTable(ctx, id)
	if err != nil {
		return nil, "", err
	}
	for _, r := range reqs {
		if err := r.Validate(was.Metadata()); err != nil {
			return nil, "", fmt.Errorf("%w: %w", errMoved, err)
		}
	}
	next, err := table.UpdateTableMetadata(was.Metadata(), updates, was.MetadataLocation())
	if err != nil {
		return nil, "", err
	}
	location, err := c.writeMetadata(was.MetadataLocation(), next)
	if err != nil {
		return nil, "", err
	}
	if err := c.swap(ctx, id, was.MetadataLocation(), location); err != nil {
		return nil, "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loaded = table.New(id, next, location, c.fs, c)
	return next, location, nil
}

func (c *sqlCatalog) writeMetadata(was string, next table.Metadata) (string, error) {
	dir, name := was[:strings.LastIndexByte(was, '/')+1], was[strings.LastIndexByte(was, '/')+1:]
	var version int
	if _, err := fmt.Sscanf(name, "%d-", &version); err != nil {
		return "", fmt.Errorf("metadata location %s: %w", was, err)
	}
	b, err := json.Marshal(next)
	if err != nil {
		return "", err
	}
	// The library's catalogs go on from metadata that is named by a UUID, and no other.
	location := fmt.Sprintf("%s%05d-%s.metadata.json", dir, version+1, uuid.NewString())
	return location, c.disk.WriteFile(location, b)
}

func (c *sqlCatalog) swap(ctx context.Context, id table.Identifier, was, next string) error {
	r, err := c.db.ExecContext(ctx, `UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ?
		WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?`,
		next, was, catalogName, id[0], id[1], was)
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	if n == 0 {
		_ = c.disk.Remove(next)
		return errMoved
	}
	return c.disk.check("committed", next)
}
