package cassandra

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Write timestamps carry the group's order, so that Cassandra's merge is the group's comparator. Zero is never sent:
// gocql takes a timestamp of 0 for "now", which would then beat everything. The smallest int64 isn't either: Cassandra
// means "no timestamp" by it.

// A log timestamp is, from the highest bit below the sign: epoch, offset + 1, partition.
const (
	epochBits     = 6
	offsetBits    = 46
	partitionBits = 11
)

// timestamp is what a row is written with.
func timestamp(s *feature.Schema, v feature.Version) (int64, error) {
	if s.Group.Order == feature.ByEventTime {
		return timeTimestamp(v.Time, s.TimeUnit())
	}
	return logTimestamp(v)
}

// logTimestamp packs epoch, offset and partition: it compares as the order by log does, and no two rows share one, not
// even those of a key that two partitions have. So two rows never merge into one that nobody wrote.
func logTimestamp(v feature.Version) (int64, error) {
	if v.Epoch < 0 || v.Epoch >= 1<<epochBits {
		return 0, fmt.Errorf("epoch %d: want 0 to %d", v.Epoch, 1<<epochBits-1)
	}
	if v.Offset < 0 || v.Offset >= 1<<offsetBits-1 {
		return 0, fmt.Errorf("offset %d: want 0 to %d", v.Offset, int64(1<<offsetBits-2))
	}
	if v.Partition < 0 || v.Partition >= 1<<partitionBits {
		return 0, fmt.Errorf("partition %d: want 0 to %d", v.Partition, 1<<partitionBits-1)
	}
	return (int64(v.Epoch)<<offsetBits|(v.Offset+1))<<partitionBits | int64(v.Partition), nil
}

// timeTimestamp is the event time in microseconds, as Cassandra's own timestamps are, or in nanoseconds where it counts
// those: cut to microseconds, a delete would win over an upsert some nanoseconds newer. To pass over 0, times up to
// 1970-01-01 00:00 UTC are one less.
func timeTimestamp(t int64, unit time.Duration) (int64, error) {
	ts := t
	if unit > time.Microsecond {
		step := int64(unit / time.Microsecond)
		if t > math.MaxInt64/step || t < math.MinInt64/step {
			return 0, fmt.Errorf("event time %d in steps of %v: out of the range of a timestamp in microseconds", t, unit)
		}
		ts = t * step
	}
	if ts < math.MinInt64+2 {
		return 0, fmt.Errorf("event time %d: out of the range of a timestamp", t)
	}
	if ts <= 0 {
		ts--
	}
	return ts, nil
}

// tokenSize is the length of what appendToken appends. Being one length, tokens compare as their bytes do, whatever
// follows them in the cell.
const tokenSize = 16

// appendToken appends a packed row's place among the rows of its timestamp: unsigned, byte by byte, it compares as
// (epoch, offset, partition). Deletes have no token: at an equal timestamp Cassandra has them win over every row, as
// the order has it.
func appendToken(dst []byte, v feature.Version) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(v.Epoch)^1<<31)
	dst = binary.BigEndian.AppendUint64(dst, uint64(v.Offset)^1<<63)
	return binary.BigEndian.AppendUint32(dst, uint32(v.Partition)^1<<31)
}
