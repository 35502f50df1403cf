package parquet

import (
	"time"

	"github.com/apache/iceberg-go/table"
)

// progressTag is on the newest snapshot that carries progress. Where other engines
// commit on top of it and expire what is old, it is what they leave.
const progressTag = "tandem-progress"

// period is a stretch of time at whose end a tag is put on what the table holds.
type period struct {
	name   string // of a tag, as a layout of time
	length time.Duration
	life   time.Duration // of the tag, from the end of the period on
}

// periods are those of a sink's tags; in UTC, for a table has readers everywhere.
func (s *Sink) periods() []period {
	return []period{
		{"hourly-2006-01-02-15", time.Hour, min(s.Retain, 24*time.Hour)},
		{"daily-2006-01-02", 24 * time.Hour, s.Retain},
	}
}

// tagged are the tags of a commit that makes a snapshot on top of the table's
// current one: progressTag, and on the current one those of the hours and days that have
// ended since it was made.
func (l *lake) tagged(t *table.Table, s *table.Snapshot) []table.Update {
	tags := []table.Update{table.NewSetSnapshotRefUpdate(progressTag, s.SnapshotID, table.TagRef, 0, 0, 0)}
	was := t.CurrentSnapshot()
	if was == nil {
		return tags
	}
	now := time.UnixMilli(born(s)).UTC()
	for _, p := range l.periods {
		from := time.UnixMilli(born(was)).UTC().Truncate(p.length)
		if oldest := now.Add(-p.life).Truncate(p.length); from.Before(oldest) {
			from = oldest
		}
		for ; !from.Add(p.length).After(now); from = from.Add(p.length) {
			age := from.Add(p.length+p.life).UnixMilli() - was.TimestampMs
			if name := from.Format(p.name); age > 0 && t.SnapshotByName(name) == nil {
				tags = append(tags, table.NewSetSnapshotRefUpdate(name, was.SnapshotID, table.TagRef, age, 0, 0))
			}
		}
	}
	return tags
}

// mainRef moves the main branch to a snapshot. What others have set for how long
// its snapshots are kept stays.
func mainRef(t *table.Table, id int64) table.Update {
	var age int64
	var keep int
	for name, ref := range t.Metadata().Refs() {
		if name != table.MainBranch {
			continue
		}
		if ref.MaxSnapshotAgeMs != nil {
			age = *ref.MaxSnapshotAgeMs
		}
		if ref.MinSnapshotsToKeep != nil {
			keep = *ref.MinSnapshotsToKeep
		}
	}
	return table.NewSetSnapshotRefUpdate(table.MainBranch, id, table.BranchRef, 0, age, keep)
}
