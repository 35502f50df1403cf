package parquet

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"github.com/apache/iceberg-go/table"
)

// debt is what keeps readers of a table longer than its rows do: files that are
// small, rows that are deleted, many files of deletes.
type debt struct {
	data   []stored
	files  map[string]bool // of data, by URI
	dead   map[string]int64
	scoped map[string][]stored // deletes of one data file's rows, by its URI
	shared []stored            // deletes of several
	values int64               // the greatest sequence number of a delete by value
}

// debtOf reads the table's manifests that it hasn't read yet, and those files of deletes
// that concern several data files.
func (l *lake) debtOf(t *table.Table) (*debt, error) {
	data, deletes, err := l.inventory.at(t, l.disk, l.layout)
	if err != nil {
		return nil, err
	}
	d := &debt{data: data, files: map[string]bool{}, dead: map[string]int64{}, scoped: map[string][]stored{}}
	for _, f := range data {
		d.files[f.uri] = true
	}
	for _, f := range deletes {
		switch of := f.scope(); {
		case f.byValue:
			d.values = max(d.values, f.seq)
		case of != "":
			d.scoped[of] = append(d.scoped[of], f)
			d.dead[of] += f.rows
		default:
			d.shared = append(d.shared, f)
			byFile, err := l.deleted.read(l.disk, f)
			if err != nil {
				return nil, err
			}
			for uri, rows := range byFile {
				d.dead[uri] += int64(len(rows))
			}
		}
	}
	return d, d.recount(l)
}

// recount reads what is deleted of the files that seem to have no row left: other
// engines may have deleted a row twice.
func (d *debt) recount(l *lake) error {
	for _, f := range d.data {
		if d.live(f) > 0 {
			continue
		}
		gone, err := d.gone(l, f)
		if err != nil {
			return err
		}
		d.dead[f.uri] = int64(len(gone))
	}
	return nil
}

// gone are the rows of a data file that are deleted by position.
func (d *debt) gone(l *lake, f stored) (rowSet, error) {
	rows, err := l.deleted.of(l.disk, f.uri, d.of(f))
	return slices.Compact(rows), err
}

// scope is the data file whose rows a file deletes; empty if there are several.
func (f *stored) scope() string {
	if b := f.bounds[0]; b.lower != nil && bytes.Equal(b.lower, b.upper) {
		return string(b.lower)
	}
	return ""
}

// of are the files that may delete rows of a data file.
func (d *debt) of(f stored) []stored {
	return append(slices.Clone(d.scoped[f.uri]), d.shared...)
}

// deletes are all files of deletes by position.
func (d *debt) deletes() iter.Seq[stored] {
	return func(yield func(stored) bool) {
		for _, files := range d.scoped {
			for _, f := range files {
				if !yield(f) {
					return
				}
			}
		}
		for _, f := range d.shared {
			if !yield(f) {
				return
			}
		}
	}
}

func (d *debt) live(f stored) int64 { return max(f.rows-d.dead[f.uri], 0) }

func (d *debt) liveBytes(f stored) float64 {
	return float64(f.size) * float64(d.live(f)) / float64(max(f.rows, 1))
}

// untouched leaves out files whose rows another engine deletes by their values.
func (d *debt) untouched(f stored) bool { return f.seq >= d.values }

// dropped are data files without a row that is left.
func (d *debt) dropped() (files []stored) {
	for _, f := range d.data {
		if d.live(f) == 0 && d.untouched(f) {
			files = append(files, f)
		}
	}
	return files
}

// needless are files of deletes that concern no data file but those that go.
func (d *debt) needless(l *lake, going map[string]bool) (files []stored, err error) {
	stays := func(uri string) bool { return d.files[uri] && !going[uri] }
	for uri, deletes := range d.scoped {
		if !stays(uri) {
			files = append(files, deletes...)
		}
	}
	for _, f := range d.shared {
		byFile, err := l.deleted.read(l.disk, f)
		if err != nil {
			return nil, err
		}
		needed := false
		for uri := range byFile {
			needed = needed || stays(uri)
		}
		if !needed {
			files = append(files, f)
		}
	}
	return files, nil
}

// group is the files of one partition.
type group struct {
	files      []stored // by age
	rows, dead int64
}

func (d *debt) groups() []*group {
	by := map[string]*group{}
	for _, f := range d.data {
		if !d.untouched(f) || d.live(f) == 0 {
			continue
		}
		key := f.tuple.key
		if by[key] == nil {
			by[key] = &group{}
		}
		g := by[key]
		g.files = append(g.files, f)
		g.rows += f.rows
		g.dead += d.dead[f.uri]
	}
	var all []*group
	for _, g := range by {
		slices.SortFunc(g.files, func(a, b stored) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.uri, b.uri)) })
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *group) int { return cmp.Compare(b.dead, a.dead) })
	return all
}
