package identity

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"sort"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Find is Index.Find, and reads the rows that it looks at.
func (x *Reader) Find(asked []Probe, found func(p *Probe, row uint32, v feature.Version)) error {
	ahead := uint32(0)
	if len(asked)*4 > len(x.parts) { // most parts will be asked for
		ahead = windowRows
	}
	for i := range asked {
		p := &asked[i]
		rows, err := x.near(p.Hi, ahead)
		if err != nil {
			return err
		}
		for ; len(rows) > 0; rows = rows[RowBytes:] {
			r := rowFrom(rows)
			if r.hi > p.Hi {
				break
			}
			if r.Digest() != p.Digest {
				continue
			}
			if r.Origin.source() >= uint64(len(x.sources)) || r.Row >= x.rows {
				return ErrDamaged
			}
			found(p, r.Row, r.Origin.version(x.sources, p.Time))
		}
	}
	return nil
}

// near gives the rows of a digest's part, from the first of its high half on.
func (x *Reader) near(hi uint64, ahead uint32) ([]byte, error) {
	rows, err := x.part(partOf(hi, x.bits), ahead)
	if err != nil {
		return nil, err
	}
	i := sort.Search(len(rows)/RowBytes, func(i int) bool { return binary.LittleEndian.Uint64(rows[i*RowBytes:]) >= hi })
	return rows[i*RowBytes:], nil
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
func (x *Reader) part(i uint64, ahead uint32) ([]byte, error) {
	from, to, w := uint32(0), x.parts[i].end, &x.window
	if i > 0 {
		from = x.parts[i-1].end
	}
	if from > to || to > x.rows {
		return nil, ErrDamaged
	}
	if from < w.from || to > w.from+uint32(len(w.bytes)/RowBytes) {
		last := min(max(to, from+ahead), x.rows)
		size := int(last-from) * RowBytes
		w.from, w.bytes = from, slices.Grow(w.bytes[:0], size)[:size]
		if _, err := x.in.ReadAt(w.bytes, x.at+int64(from)*RowBytes); err != nil {
			w.bytes = w.bytes[:0]
			return nil, err
		}
	}
	rows := w.bytes[(from-w.from)*RowBytes : (to-w.from)*RowBytes]
	if w.checked != i+1 {
		if crc32.Checksum(rows, castagnoli) != x.parts[i].sum {
			return nil, ErrDamaged
		}
		w.checked = i + 1
	}
	return rows, nil
}
