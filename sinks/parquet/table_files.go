package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// stored is a file of the table, with as much of its metadata as a lookup needs.
type stored struct {
	uri     string
	size    int64
	rows    int64
	seq     int64 // data sequence number; 0 in a file that isn't in the table yet
	tuple   tuple
	deletes bool     // not rows
	byValue bool     // deletes by the values of rows, which another engine wrote
	bounds  []bounds // of layout.identity, or of the paths in a delete file
}

// bounds are the least and the greatest value of a column in Iceberg's binary
// form; nil is unknown. Those of text may be cut short, and still bound it.
type bounds struct{ lower, upper []byte }

// pathID is the column of a delete file that names the data file.
const pathID = 2147483546

// inventory lists the files of a snapshot. Manifests don't change, so those
// that the last snapshot had too are not read again.
type inventory struct {
	manifests map[string][]stored
}

// at gives the data files of the table's current snapshot, and its delete files.
func (v *inventory) at(t *table.Table, d *disk, l *layout) (data, deletes []stored, err error) {
	s := t.CurrentSnapshot()
	if s == nil {
		return nil, nil, nil
	}
	manifests, err := s.Manifests(d)
	if err != nil {
		return nil, nil, err
	}
	next := make(map[string][]stored, len(manifests))
	for _, m := range manifests {
		files, ok := v.manifests[m.FilePath()]
		if !ok {
			if files, err = readManifest(m, d, l); err != nil {
				return nil, nil, err
			}
		}
		next[m.FilePath()] = files
		for _, f := range files {
			if f.byValue {
				return nil, nil, fmt.Errorf("table %s: %s: %w", t.Identifier()[1], f.uri, errEqualityDeletes)
			}
			if f.deletes {
				deletes = append(deletes, f)
			} else {
				data = append(data, f)
			}
		}
	}
	v.manifests = next
	return data, deletes, nil
}

func readManifest(m iceberg.ManifestFile, d *disk, l *layout) ([]stored, error) {
	var files []stored
	for e, err := range m.Entries(d, true) {
		if err != nil {
			return nil, err
		}
		f := storedOf(e.DataFile(), l)
		f.seq = e.SequenceNum()
		files = append(files, f)
	}
	return files, nil
}

func storedOf(f iceberg.DataFile, l *layout) stored {
	s := stored{
		uri: f.FilePath(), size: f.FileSizeBytes(), rows: f.Count(), tuple: tupleOf(int(f.SpecID()), f.Partition()),
		deletes: f.ContentType() != iceberg.EntryContentData, byValue: f.ContentType() == iceberg.EntryContentEqDeletes,
	}
	ids := []int{pathID}
	if !s.deletes {
		ids = ids[:0]
		for _, c := range l.identity() {
			ids = append(ids, l.columns[c].ID)
		}
	}
	lower, upper := f.LowerBoundValues(), f.UpperBoundValues()
	for _, id := range ids {
		s.bounds = append(s.bounds, bounds{bytes.Clone(lower[id]), bytes.Clone(upper[id])})
	}
	return s
}

// identity are the columns of an identity: the event time first, if there is one.
func (l *layout) identity() []int {
	var cs []int
	if t := l.schema.Time(); t >= 0 {
		cs = append(cs, t)
	}
	for _, k := range l.schema.Keys() {
		if k != l.schema.Time() {
			cs = append(cs, k)
		}
	}
	return cs
}

// overlaps reports whether two files may hold rows of one identity.
func (l *layout) overlaps(a, b stored) bool {
	for i, k := range l.identity() {
		c, x, y := &l.columns[k], a.bounds[i], b.bounds[i]
		if after(c.Field, x.lower, y.upper) || after(c.Field, y.lower, x.upper) {
			return false
		}
	}
	return true
}

// after reports whether a lower bound is known to be above an upper one.
func after(f feature.Field, lower, upper []byte) bool {
	if lower == nil || upper == nil {
		return false
	}
	switch f.Kind {
	case feature.String, feature.Bytes:
		return bytes.Compare(lower, upper) > 0
	case feature.Bool:
		return false
	}
	x, y := integer(lower), integer(upper)
	return x > y
}

// integer reads a bound of a number.
func integer(b []byte) int64 {
	if len(b) == 4 {
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// times are the bounds of the event time in its own unit.
func (l *layout) times(f stored) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	c := l.time()
	if c == nil {
		return from, to
	}
	if b := f.bounds[0]; b.lower != nil && b.upper != nil {
		from, to = integer(b.lower)/column.Scale(c.Field), integer(b.upper)/column.Scale(c.Field)
	}
	return from, to
}
