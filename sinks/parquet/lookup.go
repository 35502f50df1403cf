package parquet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// match is a row of the table that has the identity of a row of the cut.
type match struct {
	row    rowRef
	origin uint64 // of that
	uri    string
	pos    int64
	stored feature.Version
}

// lookup finds the table's rows that have an identity of the cut. Most files
// are ruled out by the bounds of key and event time; each of the others is asked
// by its index, which takes time by the cut's rows and not by its own.
type lookup struct {
	lake *lake
	cut  *cut
	log  *slog.Logger
}

// probe is what is asked of the files for one row.
type probe struct {
	time int64
	digest
	row    rowRef
	origin uint64
}

func (k *lookup) find(ctx context.Context, data, deletes []stored) ([]match, error) {
	data = slices.DeleteFunc(slices.Clone(data), func(f stored) bool { return !k.overlaps(f) })
	if len(data) == 0 {
		return nil, nil
	}
	asked := k.probes(data)
	var found []match
	var some []probe
	for _, f := range data {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		some = append(some[:0], k.lake.layout.within(asked, f)...)
		slices.SortFunc(some, func(a, b probe) int { return a.digest.compare(b.digest) })
		m, err := k.search(f, some)
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

func (k *lookup) overlaps(f stored) bool {
	return slices.ContainsFunc(k.cut.files, func(d *dataFile) bool { return k.lake.layout.overlaps(f, d.stored) })
}

// visible leaves out rows that are deleted already.
func (k *lookup) visible(f stored, found []match, deletes []stored) ([]match, error) {
	gone, err := k.lake.deleted.of(k.lake.disk, f.uri, deletes)
	return slices.DeleteFunc(found, func(m match) bool { return gone.has(m.pos) }), err
}

// probes are the cut's rows whose event time some of the files may have, by event
// time and, of one time, by digest.
func (k *lookup) probes(data []stored) []probe {
	from, to := k.lake.layout.times(data[0])
	for _, f := range data[1:] {
		a, b := k.lake.layout.times(f)
		from, to = min(from, a), max(to, b)
	}
	n := 0
	for range k.cut.winners(from, to) {
		n++
	}
	asked := make([]probe, 0, n)
	for r, x := range k.cut.winners(from, to) {
		asked = append(asked, probe{k.cut.entry(r).time, x.digest(), r, x.origin})
	}
	slices.SortFunc(asked, func(a, b probe) int {
		if c := cmp.Compare(a.time, b.time); c != 0 {
			return c
		}
		return a.digest.compare(b.digest)
	})
	return asked
}

// winners are the cut's rows that none of its others won from, of some event times.
func (c *cut) winners(from, to int64) iter.Seq2[rowRef, *indexed] {
	return func(yield func(rowRef, *indexed) bool) {
		for i, f := range c.files {
			for k := range f.sorted {
				x := &f.sorted[k]
				e := f.entries.at(int(x.row))
				if !e.lost() && e.time >= from && e.time <= to && !yield(rowRef{uint32(i), x.row}, x) {
					return
				}
			}
		}
	}
}

// within are those of the probes whose event time a file may have.
func (l *layout) within(asked []probe, f stored) []probe {
	from, to := l.times(f)
	lo, _ := slices.BinarySearchFunc(asked, from, func(p probe, t int64) int { return cmp.Compare(p.time, t) })
	hi, _ := slices.BinarySearchFunc(asked, to, func(p probe, t int64) int {
		if p.time <= t {
			return -1
		}
		return 1
	})
	return asked[lo:hi]
}

// search asks a data file's index.
func (k *lookup) search(f stored, asked []probe) (found []match, err error) {
	if len(asked) == 0 {
		return nil, nil
	}
	if err := k.lake.disk.check("look up", f.uri); err != nil {
		return nil, err
	}
	in, err := k.lake.disk.Open(f.uri)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	x, err := k.lake.finderOf(in, f)
	if err == nil {
		found, err = matches(x, f, asked)
	}
	if !errors.Is(err, errIndex) {
		return found, err
	}
	k.log.Warn("index of identities is unreadable, will read the columns instead", "file", f.uri, "error", err)
	if x, err = k.lake.madeOf(in, f); err != nil {
		return nil, err
	}
	return matches(x, f, asked)
}

func matches(x finder, f stored, asked []probe) (found []match, err error) {
	err = x.find(asked, func(p *probe, row uint32, v feature.Version) {
		found = append(found, match{p.row, p.origin, f.uri, int64(row), v})
	})
	return found, err
}
