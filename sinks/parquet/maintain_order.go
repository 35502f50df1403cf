package parquet

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// sortColumns are what rewritten files are sorted by: those of a list, a,b,…, or else
// the key, then the event time.
func sortColumns(list string, s *feature.Schema) (by []int, err error) {
	if list != "" {
		for name := range strings.SplitSeq(list, ",") {
			name = strings.TrimSpace(name)
			k := s.Index(name)
			if k < 0 {
				return nil, fmt.Errorf("sort: the group has no column %q", name)
			}
			if f := s.Fields[k]; !sortable(f) {
				return nil, fmt.Errorf("sort: column %v has no order that files can be sorted in", f)
			}
			by = append(by, k)
		}
		return by, nil
	}
	by = append(by, s.Keys()...)
	if t := s.Time(); t >= 0 && !s.IsKey(t) {
		by = append(by, t)
	}
	return by, nil
}

// sortable reports whether the order of a column's sort keys is that of its values.
func sortable(f feature.Field) bool {
	switch f.Kind {
	case feature.Bool, feature.Int32, feature.Int64, feature.String:
		return true
	}
	return f.Kind == feature.Bytes && f.Logical != feature.Decimal
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
	by    []int // columns
	bytes []byte
	ends  []int
}

func (k *sortKeys) fill(rows *feature.Rows, n int) {
	k.bytes, k.ends = k.bytes[:0], k.ends[:0]
	for i := range n {
		for _, c := range k.by {
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
