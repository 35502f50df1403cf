package feature

import "cmp"

// Version is all of a row that its order depends on.
type Version struct {
	Time      int64 // the event time in the column's own unit; 0 without one
	Delete    bool
	Epoch     int32
	Partition int32
	Offset    int64
}

// Compare says whether a is older than b (-1), newer (+1), or the same row (0).
// It is the one comparator: stages, stores and checks all ask it.
//
// By log: (epoch, offset), then the partition, so that two rows never tie. By
// event time: (event time, deletes above upserts, epoch, offset, partition).
func (o Order) Compare(a, b Version) int {
	if o == ByEventTime {
		if c := cmp.Compare(a.Time, b.Time); c != 0 {
			return c
		}
		if a.Delete != b.Delete {
			if a.Delete {
				return 1
			}
			return -1
		}
	}
	if c := cmp.Compare(a.Epoch, b.Epoch); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Offset, b.Offset); c != 0 {
		return c
	}
	return cmp.Compare(a.Partition, b.Partition)
}
