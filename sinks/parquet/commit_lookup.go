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
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// match is a row of the table that has the identity of a row of the cut.
type match struct {
	row    identity.Ref
	origin identity.Origin // of that
	file   *stored
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

// finder knows the rows of a file by their digests.
type finder interface {
	Find(asked []identity.Probe, found func(p *identity.Probe, row uint32, v feature.Version)) error
}

func (k *lookup) find(ctx context.Context, data, deletes []stored) ([]match, error) {
	data = slices.DeleteFunc(slices.Clone(data), func(f stored) bool { return !k.overlaps(f) })
	if len(data) == 0 {
		return nil, nil
	}
	asked := k.probes(data)
	var found []match
	var some []identity.Probe
	for i := range data {
		f := &data[i]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		some = append(some[:0], k.lake.layout.within(asked, *f)...)
		slices.SortFunc(some, func(a, b identity.Probe) int { return a.Compare(b.Digest) })
		m, err := k.search(f, some)
		if err == nil && len(m) > 0 {
			m, err = k.visible(f.uri, m, deletes)
		}
		if err != nil {
			return nil, fmt.Errorf("looking up keys in %s: %w", f.uri, err)
		}
		found = append(found, m...)
	}
	return found, nil
}

// overlaps reports whether a file of the table may have rows of the cut's identities.
// One of the same spec that is of another partition has none, where partitions are
// by what makes an identity.
func (k *lookup) overlaps(f stored) bool {
	p := k.lake.parter.Load()
	return slices.ContainsFunc(k.cut.files, func(d *dataFile) bool {
		apart := p.identity && f.tuple.spec == p.spec && d.tuple.spec == p.spec && f.tuple.key != d.tuple.key
		return !apart && k.lake.layout.overlaps(f, d.stored)
	})
}

// visible leaves out rows that are deleted already.
func (k *lookup) visible(uri string, found []match, deletes []stored) ([]match, error) {
	gone, err := k.lake.deleted.of(k.lake.disk, uri, deletes)
	return slices.DeleteFunc(found, func(m match) bool { return gone.has(m.pos) }), err
}

// probes are the cut's rows whose event time some of the files may have, by event
// time and, of one time, by digest.
func (k *lookup) probes(data []stored) []identity.Probe {
	from, to := k.lake.layout.times(data[0])
	for _, f := range data[1:] {
		a, b := k.lake.layout.times(f)
		from, to = min(from, a), max(to, b)
	}
	n := 0
	for range k.cut.winners(from, to) {
		n++
	}
	asked := make([]identity.Probe, 0, n)
	for r, x := range k.cut.winners(from, to) {
		asked = append(asked, identity.Probe{Time: k.cut.entry(r).time, Digest: x.Digest(), Row: r, Origin: x.Origin})
	}
	slices.SortFunc(asked, func(a, b identity.Probe) int {
		if c := cmp.Compare(a.Time, b.Time); c != 0 {
			return c
		}
		return a.Compare(b.Digest)
	})
	return asked
}

// winners are the cut's rows that none of its others won from, of some event times.
func (c *cut) winners(from, to int64) iter.Seq2[identity.Ref, *identity.Row] {
	return func(yield func(identity.Ref, *identity.Row) bool) {
		for i, f := range c.files {
			for k := range f.index.Rows {
				x := &f.index.Rows[k]
				e := f.entries.At(int(x.Row))
				if !e.lost() && e.time >= from && e.time <= to && !yield(identity.Ref{File: uint32(i), Row: x.Row}, x) {
					return
				}
			}
		}
	}
}

// within are those of the probes whose event time a file may have.
func (l *layout) within(asked []identity.Probe, f stored) []identity.Probe {
	from, to := l.times(f)
	lo, _ := slices.BinarySearchFunc(asked, from, func(p identity.Probe, t int64) int { return cmp.Compare(p.Time, t) })
	hi, _ := slices.BinarySearchFunc(asked, to, func(p identity.Probe, t int64) int {
		if p.Time <= t {
			return -1
		}
		return 1
	})
	return asked[lo:hi]
}

// search asks a data file's index.
func (k *lookup) search(f *stored, asked []identity.Probe) (found []match, err error) {
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
	x, err := k.lake.finderOf(in, *f)
	if err == nil {
		found, err = matches(x, f, asked)
	}
	if !errors.Is(err, identity.ErrDamaged) {
		return found, err
	}
	k.log.Warn("index of identities is unreadable, will read the columns instead", "file", f.uri, "error", err)
	if x, err = k.lake.madeOf(in, *f); err != nil {
		return nil, err
	}
	return matches(x, f, asked)
}

func matches(x finder, f *stored, asked []identity.Probe) (found []match, err error) {
	err = x.Find(asked, func(p *identity.Probe, row uint32, v feature.Version) {
		found = append(found, match{p.Row, p.Origin, f, int64(row), v})
	})
	return found, err
}
