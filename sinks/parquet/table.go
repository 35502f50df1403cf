package parquet

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// openBytes is what files that are open side by side may take: a page for each column.
const openBytes = 128 << 20

// lake is the group's table and how to reach it.
type lake struct {
	schema  *feature.Schema
	catalog *sqlCatalog
	disk    *disk
	began   *iceberg.Schema // the table's when files were last begun
	id      table.Identifier
	layout  *layout // of files that have nulls
	plain   *layout // of files that have those of the group only
	data    string  // the directory of data files

	digester identity.Digester
	now      func() time.Time
	periods  []period // of tags
	parter   atomic.Pointer[parter]

	inventory inventory // of whoever commits
	deleted   deletedRows
	side      side
}

// openLake opens the table, and makes it if there is none.
func openLake(ctx context.Context, set *Sink, schema *feature.Schema) (*lake, error) {
	l, err := dial(set, schema)
	if err != nil {
		return nil, err
	}
	t, err := l.load(ctx)
	if errors.Is(err, catalog.ErrNoSuchTable) {
		if err = l.create(ctx, set); err == nil {
			t, err = l.load(ctx)
		}
	}
	if err == nil {
		err = l.take(t, schema)
	}
	if err == nil {
		set.OpenFiles = cmp.Or(set.OpenFiles, max(openBytes/(len(l.layout.file.Columns())*column.PageBytes), 4))
		_, _, err = l.inventory.at(t, l.disk, l.layout)
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// dial checks the settings, which it returns complete, and reaches the table.
func (s *Sink) dial(schema *feature.Schema) (*Sink, *lake, error) {
	if err := s.Check(schema); err != nil {
		return nil, nil, err
	}
	set := s.withDefaults()
	l, err := dial(&set, schema)
	return &set, l, err
}

func dial(set *Sink, schema *feature.Schema) (*lake, error) {
	d := &disk{fault: set.fault}
	c, err := openCatalog(set.Warehouse, d)
	if err != nil {
		return nil, err
	}
	return &lake{now: set.now, periods: set.periods(), schema: schema, catalog: c, disk: d, id: table.Identifier{namespace, schema.Group.Table()}}, nil
}

func (l *lake) close() error { return errors.Join(l.catalog.close(), l.side.close()) }

func (l *lake) load(ctx context.Context) (*table.Table, error) { return l.catalog.LoadTable(ctx, l.id) }

// take checks that the table has a schema's columns, reads their ids, and uses
// that schema from now on.
func (l *lake) take(t *table.Table, s *feature.Schema) error {
	if err := l.follow(t, s); err != nil {
		return err
	}
	full, err := newLayout(s, t.Schema(), true)
	if err != nil {
		return err
	}
	plain, err := newLayout(s, t.Schema(), false)
	if err != nil {
		return err
	}
	l.schema, l.began, l.layout, l.plain, l.data = s, t.Schema(), full, plain, filepath.Join(pathOfURI(t.Location()), "data")
	l.digester = identity.NewDigester(t.Metadata().TableUUID())
	return l.disk.makeDir(l.data)
}

func (l *lake) newDataFile(nulls bool, in tuple) (*dataFile, error) {
	layout := l.plain
	if nulls {
		layout = l.layout
	}
	f, err := newDataFile(l.disk, layout, l.data, l.digester.Mark())
	if err == nil {
		f.tuple = in
	}
	return f, err
}
