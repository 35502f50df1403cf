package parquet

import (
	"context"
	"database/sql"
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

// openCatalog opens the catalog's file, or makes it. It has no write-ahead log: who
// may only read its directory could not open it then, once its last writer has gone.
func openCatalog(warehouse string, d *disk) (*sqlCatalog, error) {
	if err := os.MkdirAll(warehouse, 0o755); err != nil {
		return nil, err
	}
	dsn := "file:" + filepath.Join(warehouse, "catalog.db") +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(TRUNCATE)&_pragma=synchronous(FULL)&_txlock=immediate"
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
	location, err := c.location(ctx, id)
	if err != nil {
		return nil, err
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

// location is where the table's metadata is.
func (c *sqlCatalog) location(ctx context.Context, id table.Identifier) (location string, err error) {
	err = c.db.QueryRowContext(ctx, `SELECT metadata_location FROM iceberg_tables
		WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?`, catalogName, id[0], id[1]).Scan(&location)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("%w: %s", catalog.ErrNoSuchTable, strings.Join(id, "."))
	case err != nil:
		return "", fmt.Errorf("catalog: %w", err)
	}
	return location, nil
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
	b, next, err := keepLog(was.Metadata(), next)
	if err != nil {
		return nil, "", err
	}
	location, err := c.writeMetadata(was.MetadataLocation(), b)
	if err != nil {
		return nil, "", err
	}
	if err := c.swap(ctx, id, was.MetadataLocation(), location); err != nil {
		return nil, "", err
	}
	_ = c.hint(ctx, id, location)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loaded = table.New(id, next, location, c.fs, c)
	return next, location, nil
}

func (c *sqlCatalog) writeMetadata(was string, b []byte) (string, error) {
	dir, name := splitLocation(was)
	var version int
	if _, err := fmt.Sscanf(name, "%d-", &version); err != nil {
		return "", fmt.Errorf("metadata location %s: %w", was, err)
	}
	// The library's catalogs go on from metadata that is named by a UUID, and no other.
	location := fmt.Sprintf("%s%05d-%s"+metadataSuffix, dir, version+1, uuid.NewString())
	return location, c.disk.WriteFile(location, b)
}

// add names a new table, whose metadata is durable. Another process may have been
// faster; then its table is the one.
func (c *sqlCatalog) add(ctx context.Context, id table.Identifier, location string) error {
	r, err := c.db.ExecContext(ctx, `INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, iceberg_type)
		VALUES (?, ?, ?, ?, 'TABLE') ON CONFLICT DO NOTHING`, catalogName, id[0], id[1], location)
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, c.disk.Remove(location))
	}
	_ = c.hint(ctx, id, location)
	return nil
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
