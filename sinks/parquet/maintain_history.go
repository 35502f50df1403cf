package parquet

import (
	"time"

	"github.com/apache/iceberg-go/table"
)

// A table's metadata lists every snapshot and is written with each commit, so old
// history is thinned: the cost of a commit doesn't depend on how many there were.
//
// KeepFor has so many parts. Of the snapshots within a part the first stays
// until all of them are KeepFor old. That it is the first matters: a file that
// another snapshot of the part has is in the first too, or is younger than it.
// Files that no snapshot names any more, but a reader may still read, are
// thereby never much older than KeepFor, and no orphans to anybody.
const parts = 60

func (s *Sink) part() time.Duration { return max(s.KeepFor/parts, time.Millisecond) }

// partOf says in which part of history a snapshot is.
func (s *Sink) partOf(snap table.Snapshot) int64 { return snap.TimestampMs / s.part().Milliseconds() }

// until is how long the files of a snapshot are kept for readers, listed or not.
func (s *Sink) until(snap table.Snapshot) time.Time {
	return time.UnixMilli((s.partOf(snap) + 1) * s.part().Milliseconds()).Add(s.KeepFor)
}

// expired are the snapshots that the metadata need not list, and the tags and
// branches that are older than they may be.
func (s *Sink) expired(t *table.Table, now time.Time) (gone []table.Snapshot, refs []string) {
	held := map[int64]bool{}
	for name, ref := range t.Metadata().Refs() {
		head := t.SnapshotByID(ref.SnapshotID)
		switch {
		case head == nil:
		case name == table.MainBranch:
			s.holdNewest(t, held)
		case ref.MaxRefAgeMs != nil && now.UnixMilli()-head.TimestampMs > *ref.MaxRefAgeMs:
			refs = append(refs, name)
		case ref.SnapshotRefType == table.BranchRef:
			for snap := head; snap != nil; snap = parentOf(t, snap) {
				held[snap.SnapshotID] = true
			}
		default:
			held[head.SnapshotID] = true
		}
	}
	last := int64(-1)
	for _, snap := range t.Metadata().Snapshots() { // in the order of their commits
		first := s.partOf(snap) > last
		last = max(last, s.partOf(snap))
		if !held[snap.SnapshotID] && (!first || now.After(s.until(snap))) {
			gone = append(gone, snap)
		}
	}
	return gone, refs
}

// holdNewest holds the newest snapshots of the main branch, and those down to
// the one that carries the progress: commits of other engines may lie on it.
func (s *Sink) holdNewest(t *table.Table, held map[int64]bool) {
	carried := false
	for snap := t.CurrentSnapshot(); snap != nil && (!carried || len(held) < s.KeepSnapshots); snap = parentOf(t, snap) {
		held[snap.SnapshotID] = true
		if _, ok := summary(snap, progressKey); ok {
			carried = true
		}
	}
}
