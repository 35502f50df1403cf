package parquet

import (
	"fmt"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// source is a partition in one life of its topic, and what its offsets have above
// the bits that an origin has for them.
type source struct {
	epoch, partition int32
	base             int64
}

// An origin is where a row comes from, in 64 bits: the low bits of the offset, the
// source and whether it is a delete. A file ends before it has more sources.
const (
	sourceBits  = 17
	originBits  = sourceBits + 1
	mostSources = 1 << sourceBits
	offsetBits  = 1<<(64-originBits) - 1
)

var errSources = fmt.Errorf("rows of more than %d partitions are in one file", mostSources)

// contents is what an index is made of: the rows of a file as they come, each
// with its digest and its origin.
type contents struct {
	rows    pages[indexed]
	sources []source
	last    uint32 // the source of the last row
}

func (c *contents) add(d digest, epoch, partition int32, offset int64, deletes bool) {
	s := source{epoch, partition, offset &^ offsetBits}
	if len(c.sources) == 0 || c.sources[c.last] != s {
		c.last = c.code(s)
	}
	origin := uint64(offset)<<originBits | uint64(c.last)<<1 // the base is shifted out
	if deletes {
		origin |= 1
	}
	*c.rows.more() = indexed{d.hi, d.lo, uint32(c.rows.len() - 1), origin}
}

func (c *contents) code(s source) uint32 {
	for i, have := range c.sources {
		if have == s {
			return uint32(i)
		}
	}
	c.sources = append(c.sources, s)
	return uint32(len(c.sources) - 1)
}

// sourceOf is the source of an origin, in a file's list.
func sourceOf(origin uint64) uint64 { return origin >> 1 & (mostSources - 1) }

// versionOf is what a row is ordered by; its event time is its identity's.
func versionOf(origin uint64, sources []source, time int64) feature.Version {
	s := sources[sourceOf(origin)]
	return feature.Version{
		Time: time, Delete: origin&1 != 0, Epoch: s.epoch, Partition: s.partition, Offset: s.base | int64(origin>>originBits),
	}
}

// addGroup reads the keys of a row group, and where its rows come from.
func (c *contents) addGroup(l *lake, g pq.RowGroup) error {
	var dec decoder
	rows := feature.NewRows(l.schema, feature.TopicPartition{})
	for _, i := range l.layout.identity() {
		if err := dec.read(g, &l.layout.columns[i], &rows.Columns[i]); err != nil {
			return err
		}
	}
	cols, err := dec.readOwn(g, l.layout)
	if err != nil {
		return err
	}
	rows.Records = make([]feature.Record, g.NumRows())
	rows.Ops = make([]feature.Op, g.NumRows())
	rows.Seal()
	var buf []byte
	for i := range rows.Len() {
		var d digest
		d, buf = l.digester.of(buf, rows, i)
		v := cols.version(i, 0)
		c.add(d, v.Epoch, v.Partition, v.Offset, v.Delete)
	}
	if len(c.sources) > mostSources {
		return errSources
	}
	return nil
}
