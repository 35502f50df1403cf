package parquet

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// change is files that go out of the table and others that come into it.
type change struct {
	lake  *lake
	drop  map[string]bool // by URI
	add   []addition
	wrote []string // manifests

	added, removed tally
}

// addition is a new file, and its data sequence number; nil for its commit's own.
type addition struct {
	file iceberg.DataFile
	seq  *int64
}

// manifests are those of the table's snapshot after the change. One that loses a
// file is written anew and says so; the others stay.
func (c *change) manifests(t *table.Table, s *table.Snapshot) ([]iceberg.ManifestFile, error) {
	all, err := t.CurrentSnapshot().Manifests(c.lake.disk)
	if err != nil {
		return nil, err
	}
	left := len(c.drop)
	var out []iceberg.ManifestFile
	for _, m := range all {
		if n := c.drops(m); n > 0 {
			left -= n
			if m, err = c.without(t, s, m); err != nil {
				return nil, err
			}
		}
		out = append(out, m)
	}
	if left != 0 {
		return nil, fmt.Errorf("%w: %d files are not in the table", errRewritten, left)
	}
	added, err := c.additions(t, s)
	return append(added, out...), err
}

// drops is how many files of a manifest go.
func (c *change) drops(m iceberg.ManifestFile) (n int) {
	for _, f := range c.lake.inventory.manifests[m.FilePath()] {
		if c.drop[f.uri] {
			n++
		}
	}
	return n
}

func (c *change) without(t *table.Table, s *table.Snapshot, m iceberg.ManifestFile) (iceberg.ManifestFile, error) {
	return c.write(t, s, m.ManifestContent(), m.PartitionSpecID(), func(w *iceberg.ManifestWriter) error {
		for e, err := range m.Entries(c.lake.disk, true) {
			if err != nil {
				return err
			}
			put := w.Existing
			if c.drop[e.DataFile().FilePath()] {
				put = w.Delete
				c.removed.count(e.DataFile())
			}
			if err := put(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// additions are manifests of the new files, one for each kind and partition spec.
func (c *change) additions(t *table.Table, s *table.Snapshot) (out []iceberg.ManifestFile, err error) {
	type kind struct {
		content iceberg.ManifestContent
		spec    int32
	}
	var order []kind
	files := map[kind][]addition{}
	for _, a := range c.add {
		k := kind{iceberg.ManifestContentDeletes, a.file.SpecID()}
		if a.file.ContentType() == iceberg.EntryContentData {
			k.content = iceberg.ManifestContentData
		}
		if files[k] == nil {
			order = append(order, k)
		}
		files[k] = append(files[k], a)
		c.added.count(a.file)
	}
	for _, k := range order {
		m, err := c.write(t, s, k.content, k.spec, func(w *iceberg.ManifestWriter) error {
			for _, a := range files[k] {
				if err := w.Add(iceberg.NewManifestEntry(iceberg.EntryStatusADDED, &s.SnapshotID, a.seq, nil, a.file)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (c *change) write(t *table.Table, s *table.Snapshot, content iceberg.ManifestContent, spec int32, fill func(*iceberg.ManifestWriter) error) (_ iceberg.ManifestFile, err error) {
	by := t.Metadata().PartitionSpecByID(int(spec))
	if by == nil {
		return nil, fmt.Errorf("the table has no partition spec %d", spec)
	}
	path := fmt.Sprintf("%s/metadata/%s", t.Location(), newName("-replaced.avro"))
	out, err := c.lake.disk.Create(path)
	if err != nil {
		return nil, err
	}
	c.wrote = append(c.wrote, path)
	defer func() { err = errors.Join(err, out.Close()) }()
	size := &counter{w: out}
	w, err := iceberg.NewManifestWriter(2, size, *by, t.Schema(), s.SnapshotID, iceberg.WithManifestWriterContent(content))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(fill(w), w.Close()); err != nil {
		return nil, err
	}
	return w.ToManifestFile(path, size.n)
}

// tally counts files as a snapshot's summary does.
type tally struct{ data, rows, deletes, positions, bytes int64 }

func (n *tally) count(f iceberg.DataFile) {
	n.bytes += f.FileSizeBytes()
	if f.ContentType() == iceberg.EntryContentData {
		n.data++
		n.rows += f.Count()
		return
	}
	n.deletes++
	n.positions += f.Count()
}

// count puts what came and went into a summary that has its parent's totals.
func (c *change) count(p iceberg.Properties) {
	for _, x := range []struct {
		added, removed, total string
		a, r                  int64
	}{
		{"added-data-files", "deleted-data-files", "total-data-files", c.added.data, c.removed.data},
		{"added-records", "deleted-records", "total-records", c.added.rows, c.removed.rows},
		{"added-delete-files", "removed-delete-files", "total-delete-files", c.added.deletes, c.removed.deletes},
		{"added-position-delete-files", "removed-position-delete-files", "", c.added.deletes, c.removed.deletes},
		{"added-position-deletes", "removed-position-deletes", "total-position-deletes", c.added.positions, c.removed.positions},
		{"added-files-size", "removed-files-size", "total-files-size", c.added.bytes, c.removed.bytes},
	} {
		if x.a > 0 {
			p[x.added] = strconv.FormatInt(x.a, 10)
		}
		if x.r > 0 {
			p[x.removed] = strconv.FormatInt(x.r, 10)
		}
		if was, err := strconv.ParseInt(p[x.total], 10, 64); err == nil && x.total != "" {
			p[x.total] = strconv.FormatInt(was+x.a-x.r, 10)
		}
	}
}
