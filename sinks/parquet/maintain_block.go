package parquet

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// block is rows of the table on their way from file to file, and where each was.
type block struct {
	rows *feature.Rows // its columns only
	own  *ownColumns
	all  []*feature.Column // of both
	from []place
}

// place is a row of one of the files that are rewritten.
type place struct{ file, row uint32 }

func newBlock(s *feature.Schema) *block {
	b := &block{rows: feature.NewRows(s, feature.TopicPartition{}), own: &ownColumns{}}
	for i := range b.rows.Columns {
		b.all = append(b.all, &b.rows.Columns[i])
	}
	for i := range b.own {
		b.own[i] = feature.NewColumn(own[i])
		b.all = append(b.all, &b.own[i])
	}
	return b
}

func (b *block) len() int { return len(b.from) }

func (b *block) clear() {
	for _, c := range b.all {
		c.Truncate(0)
	}
	b.from = b.from[:0]
}

func (b *block) size() int {
	n := 0
	for _, c := range b.all {
		n += c.Size()
	}
	return n
}

// add appends rows of another block.
func (b *block) add(o *block, from, to int) {
	for i := range b.all {
		b.all[i].ExtendRange(o.all[i], from, to)
	}
	b.from = append(b.from, o.from[from:to]...)
}

// sorted are the block's rows in the order of some columns.
func (b *block) sorted(s *feature.Schema, by []int) *block {
	keys := sortKeys{by: by}
	keys.fill(b.rows, b.len())
	order := make([]int, b.len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(bytes.Compare(keys.at(x), keys.at(y)), cmp.Compare(x, y))
	})
	out := newBlock(s)
	for c := range out.all {
		out.all[c].ExtendRows(b.all[c], order)
	}
	for _, i := range order {
		out.from = append(out.from, b.from[i])
	}
	return out
}

// seal gives the rows their keys, times and operations, by which they are digested.
func (b *block) seal() {
	b.rows.Records = make([]feature.Record, b.len())
	b.rows.Ops = make([]feature.Op, b.len())
	b.rows.Seal()
}
