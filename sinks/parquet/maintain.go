package parquet

import (
	"context"

	"github.com/apache/iceberg-go/table"
)

// maintainEach is how many commits there are between two rounds of maintenance.
const maintainEach = 20

// maintain keeps the table's metadata small. It has no part in any promise:
// what fails is logged, and done another time.
func (w *writer) maintain(ctx context.Context) {
	w.commits++
	if w.commits%maintainEach != 0 {
		return
	}
	if err := w.lake.mergeManifests(ctx); err != nil {
		w.node.Log.Warn("small manifests stay for now", "error", err)
	}
	if err := w.lake.expire(ctx, w.set); err != nil {
		w.node.Log.Warn("old snapshots stay for now", "error", err)
	}
}

func (l *lake) expire(ctx context.Context, set *Sink) error {
	t, err := l.load(ctx)
	if err != nil {
		return err
	}
	tx := t.NewTransaction()
	if err := tx.AssertRefSnapshotID(table.MainBranch); err != nil {
		return err
	}
	if err := tx.ExpireSnapshots(table.WithRetainLast(set.KeepSnapshots), table.WithOlderThan(set.KeepFor)); err != nil {
		return err
	}
	_, err = tx.Commit(ctx)
	return err
}

// removeOrphans removes what processes that were killed left in the table's
// directory. It is slow on a large table, and nobody waits for it.
func (w *writer) removeOrphans(ctx context.Context) {
	if w.set.OrphanAge < 0 {
		return
	}
	t, err := w.lake.load(ctx)
	if err == nil {
		_, err = t.DeleteOrphanFiles(ctx, table.WithFilesOlderThan(w.set.OrphanAge))
	}
	if err != nil && ctx.Err() == nil {
		w.node.Log.Warn("files of no snapshot stay for now", "error", err)
	}
}
