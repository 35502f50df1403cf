package parquet

import (
	"context"
	"time"

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
	gone, err := w.lake.tidy(ctx, w.set)
	if err != nil {
		w.node.Logger.Warn("maintenance failed, small manifests and old snapshots stay until the next", "error", err)
		return
	}
	w.sweeper.add(gone)
}

// tidy merges small manifests and lets go of old snapshots, in one commit. The
// files of what is gone are still there, for a reader may be on one of them.
func (l *lake) tidy(ctx context.Context, set *Sink) (gone []table.Snapshot, err error) {
	t, err := l.load(ctx)
	if err != nil || t.CurrentSnapshot() == nil {
		return nil, err
	}
	var updates []table.Update
	if t.Properties()["gc.enabled"] != "false" {
		var refs []string
		gone, refs = set.passed(t, set.now())
		for _, name := range refs {
			updates = append(updates, table.NewRemoveSnapshotRefUpdate(name))
		}
		if len(gone) > 0 {
			updates = append(updates, table.NewRemoveSnapshotsUpdate(idsOf(gone), false))
		}
	}
	s, manifests, err := l.mergeManifests(t)
	switch {
	case err != nil:
		return nil, err
	case s != nil:
		return gone, l.publishManifests(ctx, t, s, manifests, updates...)
	case len(updates) > 0:
		return gone, l.commitExactly(ctx, t, updates)
	}
	return nil, nil
}

func idsOf(list []table.Snapshot) []int64 {
	ids := make([]int64, len(list))
	for i, s := range list {
		ids[i] = s.SnapshotID
	}
	return ids
}

// orphaned is how old a file of no snapshot must be for nobody to miss it:
// files of snapshots that history thinned out may be as old as those are kept.
func (s *Sink) orphaned() time.Duration { return s.OrphanAge + s.KeepFor + s.part() }

// removeOrphans removes what processes that were killed left in the table's
// directory. It is slow on a large table, and nobody waits for it.
func (w *writer) removeOrphans(ctx context.Context) {
	if w.set.OrphanAge < 0 {
		return
	}
	t, err := w.lake.load(ctx)
	if err == nil {
		_, err = t.DeleteOrphanFiles(ctx, table.WithFilesOlderThan(w.set.orphaned()))
	}
	if err != nil && ctx.Err() == nil {
		w.node.Logger.Warn("cleaning up failed, files of no snapshot stay until the next", "error", err)
	}
}
