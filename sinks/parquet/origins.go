package parquet

import (
	"sort"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// source is a partition in one life of its topic.
type source struct{ epoch, partition int32 }

// stretch are rows of a file whose offsets follow each other in one partition.
type stretch struct {
	row    uint32 // the first
	source uint32 // in origins.sources, above a bit that is set for deletes
	offset int64  // of the first
}

// origins are where a file's rows come from in the log. As they mostly come one
// after the other, they take little room, whatever the number of rows.
type origins struct {
	sources   []source
	stretches []stretch
	rows      uint32
}

// add has a row follow those before it.
func (o *origins) add(s source, offset int64, deletes bool) {
	code := o.code(s) << 1
	if deletes {
		code |= 1
	}
	if n := len(o.stretches); n > 0 {
		if last := &o.stretches[n-1]; last.source == code && last.offset+int64(o.rows-last.row) == offset {
			o.rows++
			return
		}
	}
	o.stretches = append(o.stretches, stretch{o.rows, code, offset})
	o.rows++
}

// code is a source's place in the list, which is short: the last one comes again
// most of the time.
func (o *origins) code(s source) uint32 {
	if n := len(o.stretches); n > 0 {
		if last := o.stretches[n-1].source >> 1; o.sources[last] == s {
			return last
		}
	}
	for i, have := range o.sources {
		if have == s {
			return uint32(i)
		}
	}
	o.sources = append(o.sources, s)
	return uint32(len(o.sources) - 1)
}

// version is what a row is ordered by; its event time is its identity's.
func (o *origins) version(row uint32, time int64) feature.Version {
	i := sort.Search(len(o.stretches), func(i int) bool { return o.stretches[i].row > row }) - 1
	s := o.stretches[i]
	from := o.sources[s.source>>1]
	return feature.Version{
		Time: time, Delete: s.source&1 != 0, Epoch: from.epoch, Partition: from.partition,
		Offset: s.offset + int64(row-s.row),
	}
}
