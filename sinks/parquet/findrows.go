package parquet

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"sort"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// finder knows the rows of a file by their digests.
type finder interface {
	// find gives the rows of each digest that is asked for, and what they are
	// ordered by. Those asked for are sorted.
	find(asked []probe, found func(p *probe, row uint32, v feature.Version)) error
}

// madeIndex is one that is in memory only, of a file that has none.
type madeIndex struct {
	rows    []indexed
	sources []source
}

func (x *madeIndex) find(asked []probe, found func(*probe, uint32, feature.Version)) error {
	for i := range asked {
		p := &asked[i]
		at := sort.Search(len(x.rows), func(i int) bool { return x.rows[i].digest().compare(p.digest) >= 0 })
		for ; at < len(x.rows) && x.rows[at].digest() == p.digest; at++ {
			found(p, x.rows[at].row, versionOf(x.rows[at].origin, x.sources, p.time))
		}
	}
	return nil
}

func (x *fileIndex) find(asked []probe, found func(*probe, uint32, feature.Version)) error {
	ahead := uint32(0)
	if len(asked)*4 > len(x.parts) { // most parts will be asked for
		ahead = windowRows
	}
	for i := range asked {
		p := &asked[i]
		rows, err := x.near(p.hi, ahead)
		if err != nil {
			return err
		}
		for ; len(rows) > 0; rows = rows[rowBytes:] {
			r := indexedFrom(rows)
			if r.hi > p.hi {
				break
			}
			if r.digest() != p.digest {
				continue
			}
			if sourceOf(r.origin) >= uint64(len(x.sources)) || r.row >= x.rows {
				return errIndex
			}
			found(p, r.row, versionOf(r.origin, x.sources, p.time))
		}
	}
	return nil
}

// near gives the rows of a digest's part, from the first of its high half on.
func (x *fileIndex) near(hi uint64, ahead uint32) ([]byte, error) {
	rows, err := x.part(partOf(hi, x.bits), ahead)
	if err != nil {
		return nil, err
	}
	i := sort.Search(len(rows)/rowBytes, func(i int) bool { return binary.LittleEndian.Uint64(rows[i*rowBytes:]) >= hi })
	return rows[i*rowBytes:], nil
}

const windowRows = 4096

// window are rows that were read last.
type window struct {
	bytes   []byte
	from    uint32 // the first of them
	checked uint64 // the part that was found sound last, plus one
}

// part gives the rows of a part as they are in the file, and reads at least so
// many rows.
func (x *fileIndex) part(i uint64, ahead uint32) ([]byte, error) {
	from, to, w := uint32(0), x.parts[i].end, &x.window
	if i > 0 {
		from = x.parts[i-1].end
	}
	if from > to || to > x.rows {
		return nil, errIndex
	}
	if from < w.from || to > w.from+uint32(len(w.bytes)/rowBytes) {
		last := min(max(to, from+ahead), x.rows)
		size := int(last-from) * rowBytes
		w.from, w.bytes = from, slices.Grow(w.bytes[:0], size)[:size]
		if _, err := x.in.ReadAt(w.bytes, x.at+int64(from)*rowBytes); err != nil {
			w.bytes = w.bytes[:0]
			return nil, err
		}
	}
	rows := w.bytes[(from-w.from)*rowBytes : (to-w.from)*rowBytes]
	if w.checked != i+1 {
		if crc32.Checksum(rows, castagnoli) != x.parts[i].sum {
			return nil, errIndex
		}
		w.checked = i + 1
	}
	return rows, nil
}
