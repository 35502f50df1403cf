package identity

import (
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Origin is where a row comes from, in 64 bits: the low bits of the offset, the
// source in its file's list, and whether it is a delete. Only the Index or the
// Reader that it is from can tell more.
type Origin uint64

// source is a partition in one life of its topic, and what its offsets have above
// the bits that an origin has for them.
type source struct {
	epoch, partition int32
	base             int64
}

const (
	sourceBits  = 17
	originBits  = sourceBits + 1
	mostSources = 1 << sourceBits
	offsetBits  = 1<<(64-originBits) - 1
)

var errSources = fmt.Errorf("rows of more than %d partitions are in one file", mostSources)

// source is its place in a file's list.
func (o Origin) source() uint64 { return uint64(o) >> 1 & (mostSources - 1) }

// version is what a row is ordered by; its event time is its identity's.
func (o Origin) version(sources []source, time int64) feature.Version {
	s := sources[o.source()]
	return feature.Version{
		Time: time, Delete: o&1 != 0, Epoch: s.epoch, Partition: s.partition, Offset: s.base | int64(o>>originBits),
	}
}
