package parquet

import (
	"context"
	"errors"
	"time"

	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Orphans lists the files in the table's directory that no snapshot names: those
// of commits under way, those of old snapshots that a reader may still be on, and
// what processes that were killed left. Compact removes those that are
// OrphanAge and KeepFor old, and so does an open sink once a day.
func (s *Sink) Orphans(ctx context.Context, schema *feature.Schema) (files []string, err error) {
	_, l, err := s.dial(schema)
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

// orphaned is the age from which on no reader and no writer needs a file that no
// snapshot names: files of expired snapshots are kept for KeepFor and a part of it.
func (s *Sink) orphaned() time.Duration { return s.OrphanAge + s.KeepFor + s.part() }

// removeOrphans removes what processes that were killed left in the table's
// directory. It is slow on a large table.
func (l *lake) removeOrphans(ctx context.Context, set *Sink) error {
	if set.OrphanAge < 0 {
		return nil
	}
	t, err := l.load(ctx)
	if err != nil {
		return err
	}
	if !collects(t.Properties()) {
		return nil
	}
	_, err = t.DeleteOrphanFiles(ctx, table.WithFilesOlderThan(set.orphaned()))
	return err
}
