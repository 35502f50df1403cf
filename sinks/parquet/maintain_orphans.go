package parquet

import (
	"context"
	"errors"

	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Orphans lists the files in the table's directory that no snapshot names: those
// of commits under way, those of old snapshots that a reader may still be on, and
// what processes that were killed left. A sink that opens removes those that are
// OrphanAge and KeepFor old.
func (s *Sink) Orphans(ctx context.Context, schema *feature.Schema) (files []string, err error) {
	if err := s.Check(schema); err != nil {
		return nil, err
	}
	set := s.withDefaults()
	l, err := dial(&set, schema)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	t, err := l.load(ctx)
	if err != nil {
		return nil, err
	}
	found, err := t.DeleteOrphanFiles(ctx, table.WithDryRun(true), table.WithFilesOlderThan(0))
	return found.OrphanFileLocations, err
}
