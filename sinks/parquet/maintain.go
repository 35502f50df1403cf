package parquet

import (
	"context"

	"github.com/apache/iceberg-go/table"
)

// maintainEach is how many commits there are between two rounds of maintenance.
const maintainEach = 20

// maintain keeps the table's metadata small. No promise depends on it: what fails
// is logged and done by the next round.
func (w *writer) maintain(ctx context.Context) {
	w.commits++
	if w.commits%maintainEach != 0 {
		return
	}
	gone, err := w.lake.tidy(ctx, w.set)
	if err != nil {
		w.node.Logger.Warn("maintenance of the table failed, will retry after more commits", "commits", maintainEach, "error", err)
		return
	}
	w.sweeper.add(gone)
}

// tidy merges small manifests and expires old snapshots, in one commit. The files
// of the expired ones stay, for a reader may be on one of them.
func (l *lake) tidy(ctx context.Context, set *Sink) (gone []table.Snapshot, err error) {
	t, err := l.load(ctx)
	if err != nil || t.CurrentSnapshot() == nil {
		return nil, err
	}
	var updates []table.Update
	if t.Properties()["gc.enabled"] != "false" {
		var refs []string
		gone, refs = set.expired(t, set.now())
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
