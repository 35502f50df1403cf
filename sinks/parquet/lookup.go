package parquet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// match is a row of the table that has the identity of a row of the cut.
type match struct {
	row     rowRef
	uri     string
	pos     int64
	version feature.Version
}

// lookup finds the table's rows that have an identity of the cut. Most files
// are ruled out by the bounds of key and event time, most others by their bloom
// filters; of those that are left only key and order are read.
type lookup struct {
	lake    *lake
	cut     *cut
	order   []probe // the cut's rows by event time; made when it is needed
	decoder decoder
}

// probe is what is asked of the bloom filters for one row.
type probe struct {
	time int64
	key  uint64
}

func (k *lookup) find(ctx context.Context, data, deletes []stored) ([]match, error) {
	var found []match
	for _, f := range data {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(k.cut.files, func(d *dataFile) bool { return k.lake.layout.overlaps(f, d.stored) }) {
			continue
		}
		m, err := k.search(f)
		if err == nil && len(m) > 0 {
			m, err = k.visible(f, m, deletes)
		}
		if err != nil {
			return nil, fmt.Errorf("looking up keys in %s: %w", f.uri, err)
		}
		found = append(found, m...)
	}
	return found, nil
}

// visible leaves out rows that are deleted already.
func (k *lookup) visible(f stored, found []match, deletes []stored) ([]match, error) {
	gone, err := k.lake.deleted.of(k.lake.disk, f.uri, deletes)
	return slices.DeleteFunc(found, func(m match) bool { return gone.has(m.pos) }), err
}

// search reads one data file as far as it must.
func (k *lookup) search(f stored) (found []match, err error) {
	if err := k.lake.disk.check("look up", f.uri); err != nil {
		return nil, err
	}
	in, err := openFile(k.lake.disk, f)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	asked := k.probes(f)
	base := int64(0)
	for _, g := range in.RowGroups() {
		may, err := k.mayHold(g, asked)
		if err != nil {
			return nil, err
		}
		if may {
			m, err := k.searchGroup(g)
			if err != nil {
				return nil, err
			}
			for _, m := range m {
				m.uri, m.pos = f.uri, m.pos+base
				found = append(found, m)
			}
		}
		base += g.NumRows()
	}
	return found, nil
}

// probes are the cut's rows whose event time a file may have.
func (k *lookup) probes(f stored) []probe {
	if k.order == nil {
		for _, d := range k.cut.files {
			for e := range d.entries.all {
				k.order = append(k.order, probe{e.time, e.key})
			}
		}
		slices.SortFunc(k.order, func(a, b probe) int { return cmp.Compare(a.time, b.time) })
	}
	from, to := k.lake.layout.times(f)
	lo, _ := slices.BinarySearchFunc(k.order, from, func(p probe, t int64) int { return cmp.Compare(p.time, t) })
	hi, _ := slices.BinarySearchFunc(k.order, to, func(p probe, t int64) int {
		if p.time <= t {
			return -1
		}
		return 1
	})
	return k.order[lo:hi]
}

// mayHold asks the row group's bloom filters of key and event time.
func (k *lookup) mayHold(g pq.RowGroup, asked []probe) (bool, error) {
	keys, err := filterOf(g, k.lake.layout.filterKey())
	if err != nil {
		return false, err
	}
	time := k.lake.layout.time()
	times, err := filterOf(g, time)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(asked, func(p probe) bool {
		return (keys == nil || keys.Check(p.key)) && (times == nil || times.Check(time.intHash(p.time)))
	}), nil
}

// filterOf reads the bloom filter of a column, nil if it has none.
func filterOf(g pq.RowGroup, c *column) (bloom.SplitBlockFilter, error) {
	if c == nil {
		return nil, nil
	}
	in, err := columnOf(g, c)
	if in == nil || err != nil {
		return nil, err
	}
	f := g.ColumnChunks()[in.leaves[0].index].BloomFilter()
	if f == nil || f.Size() == 0 {
		return nil, nil
	}
	b := make([]byte, f.Size())
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, err
	}
	return bloom.MakeSplitBlockFilter(b), nil
}

// searchGroup reads the keys of a row group, and the order of the rows found.
func (k *lookup) searchGroup(g pq.RowGroup) ([]match, error) {
	l := k.lake.layout
	rows := feature.NewRows(l.schema, feature.Place{})
	for _, c := range l.identity() {
		if err := k.decoder.read(g, &l.columns[c], &rows.Columns[c]); err != nil {
			return nil, err
		}
	}
	rows.Records = make([]feature.Record, g.NumRows())
	rows.Ops = make([]feature.Op, g.NumRows())
	rows.Seal()
	var found []match
	for i := range rows.Len() {
		if ref, ok := k.cut.index.find(rows.IdentityDigest(i, feature.Offline)); ok {
			found = append(found, match{row: ref, pos: int64(i), version: rows.Version(i)})
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found, k.readOrder(g, found)
}

func (k *lookup) readOrder(g pq.RowGroup, found []match) error {
	cols, err := k.decoder.readOwn(g, k.lake.layout)
	if err != nil {
		return err
	}
	for i := range found {
		v := &found[i].version
		*v = cols.version(int(found[i].pos), v.Time)
	}
	return nil
}
