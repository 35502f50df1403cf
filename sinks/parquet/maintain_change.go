package parquet

import (
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
	return c.write(t, s, kindOf(m), func(w *iceberg.ManifestWriter) error {
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

// additions are manifests of the new files.
func (c *change) additions(t *table.Table, s *table.Snapshot) ([]iceberg.ManifestFile, error) {
	for _, a := range c.add {
		c.added.count(a.file)
	}
	return c.lake.writeManifests(t, s, c.add, c.write)
}

// write writes a manifest whose name says that it came of a rewrite.
func (c *change) write(t *table.Table, s *table.Snapshot, k manifestKind, fill func(*iceberg.ManifestWriter) error) (iceberg.ManifestFile, error) {
	m, err := c.lake.writeManifest(t, s, k, "replaced", fill)
	if err == nil {
		c.wrote = append(c.wrote, m.FilePath())
	}
	return m, err
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
