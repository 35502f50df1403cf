package parquet

import (
	"strconv"

	"github.com/apache/iceberg-go/table"
)

// pastOf are the snapshots that have ended, in the order of their commits: another
// was committed on top of each. Where that one is listed no more, it was of the same
// part of history as the next that has lost its parent; of several the last counts,
// for a reader may have come by either branch.
func pastOf(t *table.Table) []past {
	all := t.Metadata().Snapshots()
	listed, children := map[int64]bool{}, map[int64][]int{}
	for i, snap := range all {
		listed[snap.SnapshotID] = true
		if snap.ParentSnapshotID != nil {
			children[*snap.ParentSnapshotID] = append(children[*snap.ParentSnapshotID], i)
		}
	}
	side := branched(t)
	var ended []past
	for i, snap := range all {
		end, direct := int64(-1), false
		for _, c := range children[snap.SnapshotID] {
			end, direct = max(end, born(&all[c])), direct || !side[all[c].SnapshotID]
		}
		for n := i + 1; n < len(all) && !direct; n++ {
			if parent := all[n].ParentSnapshotID; parent == nil || !listed[*parent] {
				end, direct = max(end, born(&all[n])), true
			}
		}
		if end >= 0 {
			ended = append(ended, past{snap, max(end, born(&snap))})
		}
	}
	return ended
}

// branched are the snapshots of branches beside the main one, as far down as they
// are listed.
func branched(t *table.Table) map[int64]bool {
	side := map[int64]bool{}
	for name, ref := range t.Metadata().Refs() {
		if name == table.MainBranch || ref.SnapshotRefType != table.BranchRef {
			continue
		}
		for snap := t.SnapshotByID(ref.SnapshotID); snap != nil; snap = parentOf(t, snap) {
			side[snap.SnapshotID] = true
		}
	}
	return side
}

// born is when a snapshot was made, in milliseconds. Its timestamp is later where a
// clock that was far ahead has written to the table before.
func born(snap *table.Snapshot) int64 {
	if text, ok := summary(snap, clockKey); ok {
		if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
			return ms
		}
	}
	return snap.TimestampMs
}
