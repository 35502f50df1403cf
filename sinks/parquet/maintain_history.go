package parquet

import (
	"time"

	"github.com/apache/iceberg-go/table"
)

// A table's metadata lists every snapshot and is written with each commit, so old
// history is thinned: the cost of a commit doesn't depend on how many there were.
//
// The life of a snapshot's files is counted from when it stopped being current, for a
// reader may have loaded it just before. KeepFor has so many parts. Of the snapshots
// that ended within a part the first stays until all of them have been over for
// KeepFor. That it is the first matters: a file that another snapshot of the part has
// is in the first too, or is younger than its end. Files that no snapshot names any
// more, but a reader may still read, are thereby never much older than KeepFor, and
// no orphans to anybody.
const parts = 60

func (s *Sink) part() time.Duration { return max(s.KeepFor/parts, time.Millisecond) }

// partOf says in which part of history a time in milliseconds is.
func (s *Sink) partOf(ms int64) int64 { return ms / s.part().Milliseconds() }

// until is how long the files of a snapshot that ended at a time are kept for
// readers, whether it is listed or not.
func (s *Sink) until(end int64) time.Time {
	return time.UnixMilli((s.partOf(end) + 1) * s.part().Milliseconds()).Add(s.KeepFor)
}

// past is a snapshot that is no longer current, since end.
type past struct {
	table.Snapshot
	end int64 // milliseconds
}

// expired are the snapshots that the metadata need not list, and the tags and
// branches that are older than they may be.
func (s *Sink) expired(t *table.Table, now time.Time) (gone []past, refs []string) {
	held := map[int64]bool{}
	for name, ref := range t.Metadata().Refs() {
		head := t.SnapshotByID(ref.SnapshotID)
		switch {
		case head == nil:
		case name == table.MainBranch:
			s.holdNewest(t, held)
		case ref.MaxRefAgeMs != nil && now.UnixMilli()-head.TimestampMs > *ref.MaxRefAgeMs+s.KeepFor.Milliseconds(): // one may just be read
			refs = append(refs, name)
		case ref.SnapshotRefType == table.BranchRef:
			for snap := head; snap != nil; snap = parentOf(t, snap) {
				held[snap.SnapshotID] = true
			}
		default:
			held[head.SnapshotID] = true
		}
	}
	seen := map[int64]bool{}
	for _, p := range pastOf(t) {
		part := s.partOf(p.end)
		if first := !seen[part]; !held[p.SnapshotID] && (!first || now.After(s.until(p.end))) {
			gone = append(gone, p)
		}
		seen[part] = true
	}
	return gone, refs
}

// holdNewest holds the newest snapshots of the main branch, and those down to
// the one that carries the progress: commits of other engines may lie on it.
func (s *Sink) holdNewest(t *table.Table, held map[int64]bool) {
	carried, n := false, 0
	for snap := t.CurrentSnapshot(); snap != nil && (!carried || n < s.KeepSnapshots); snap = parentOf(t, snap) {
		held[snap.SnapshotID] = true
		n++
		if _, ok := summary(snap, progressKey); ok {
			carried = true
		}
	}
}
