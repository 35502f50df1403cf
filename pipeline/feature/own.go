package feature

import "strings"

// The columns that a store has beside the features. They say where a row came
// from and how fresh it is; none of them is part of a row's content.
const (
	EpochColumn     = "tandem_epoch"     // which life of the topic
	PartitionColumn = "tandem_partition" // of the log
	OffsetColumn    = "tandem_offset"    // in the partition
	TimeColumn      = "tandem_time"      // the record's timestamp; see Stored.RecordTime
	OnlyColumn      = "tandem_only"      // true of a row that was meant for this store alone; else null
	DeletedColumn   = "tandem_deleted"   // offline: the row deletes its key
)

// ownPrefix begins the names that are the stores' own: no feature may have such a name.
const ownPrefix = "tandem_"

func isOwn(name string) bool {
	return len(name) >= len(ownPrefix) && strings.EqualFold(name[:len(ownPrefix)], ownPrefix)
}

// NoTime stands for a record without a timestamp.
const NoTime = -1

// maxRecordTime is the end of the year 9999, in milliseconds: the last that
// every store and every reader of one can hold.
const maxRecordTime = 253402300799999

// Time is the record's timestamp as a store keeps it: in milliseconds since
// 1970-01-01 UTC, NoTime where it has none, or one after the year 9999.
func (r *Record) Time() int64 {
	if r.Timestamp >= 0 && r.Timestamp <= maxRecordTime {
		return r.Timestamp
	}
	return NoTime
}

// Only reports whether row i was meant for a store alone: its producer, or a
// stage that both stores share, didn't want it in the other.
func (r *Rows) Only(store Store, i int) bool { return r.Outcomes[1-store][i].filtered() }
