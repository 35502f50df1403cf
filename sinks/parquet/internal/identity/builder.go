package identity

import (
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/paged"
)

// Builder collects the rows of a file as they come.
type Builder struct {
	rows    paged.List[Row]
	sources []source
	last    uint32 // the source of the last row
}

// Add adds the file's next row: its digest, and what it is ordered by but for the
// event time, which its identity has.
func (b *Builder) Add(d Digest, v feature.Version) {
	s := source{v.Epoch, v.Partition, v.Offset &^ offsetBits}
	if len(b.sources) == 0 || b.sources[b.last] != s {
		b.last = b.code(s)
	}
	origin := uint64(v.Offset)<<originBits | uint64(b.last)<<1 // the base is shifted out
	if v.Delete {
		origin |= 1
	}
	*b.rows.Add() = Row{d.Hi, d.Lo, uint32(b.rows.Len() - 1), Origin(origin)}
}

func (b *Builder) code(s source) uint32 {
	for i, have := range b.sources {
		if have == s {
			return uint32(i)
		}
	}
	b.sources = append(b.sources, s)
	return uint32(len(b.sources) - 1)
}

// Len is how many rows there are.
func (b *Builder) Len() int { return b.rows.Len() }

// Crowded says that the file should end before rows of many more partitions come.
func (b *Builder) Crowded() bool { return len(b.sources) >= mostSources/2 }

// Err is an error once rows came of more partitions than an index can number.
func (b *Builder) Err() error {
	if len(b.sources) > mostSources {
		return errSources
	}
	return nil
}

// Index sorts what was added.
func (b *Builder) Index() Index { return Index{sortedRows(b.rows), b.sources} }
