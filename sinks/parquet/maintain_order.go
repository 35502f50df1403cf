package parquet

import (
	"encoding/binary"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// sortColumns are what rewritten files are sorted by: the key, then the event time.
func sortColumns(s *feature.Schema) []int {
	by := append([]int(nil), s.Keys()...)
	if t := s.Time(); t >= 0 && !s.IsKey(t) {
		by = append(by, t)
	}
	return by
}

// appendSortKey appends a value as bytes that compare as the values do; nulls come first.
func appendSortKey(dst []byte, c *feature.Column, i int) []byte {
	if c.Null(i) {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	switch c.Field.Kind {
	case feature.Bool:
		if c.Bools[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case feature.Int32:
		return binary.BigEndian.AppendUint32(dst, uint32(c.Int32s[i])^1<<31)
	case feature.Int64:
		return binary.BigEndian.AppendUint64(dst, uint64(c.Int64s[i])^1<<63)
	}
	for _, b := range c.Slice(i) { // a text ends before one that goes on
		if dst = append(dst, b); b == 0 {
			dst = append(dst, 0xff)
		}
	}
	return append(dst, 0, 0)
}

// sortKeys are those of some rows.
type sortKeys struct {
	bytes []byte
	ends  []int
}

func (k *sortKeys) fill(s *feature.Schema, rows *feature.Rows, n int) {
	k.bytes, k.ends = k.bytes[:0], k.ends[:0]
	by := sortColumns(s)
	for i := range n {
		for _, c := range by {
			k.bytes = appendSortKey(k.bytes, &rows.Columns[c], i)
		}
		k.ends = append(k.ends, len(k.bytes))
	}
}

func (k *sortKeys) at(i int) []byte {
	if i == 0 {
		return k.bytes[:k.ends[0]]
	}
	return k.bytes[k.ends[i-1]:k.ends[i]]
}
