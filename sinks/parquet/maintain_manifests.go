package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// Manifests of one kind are merged into one when there are so many small ones.
const (
	mergeCount = 20
	mergeBytes = 512 << 10
)

// merge is the manifests with small ones merged, if there are many of a kind: each
// commit that deletes rows leaves two.
func (l *lake) merge(t *table.Table, s *table.Snapshot, all []iceberg.ManifestFile) ([]iceberg.ManifestFile, error) {
	var kept []iceberg.ManifestFile
	small := map[manifestKind][]iceberg.ManifestFile{}
	for _, m := range all {
		if m.Length() < mergeBytes {
			k := manifestKind{m.ManifestContent(), int(m.PartitionSpecID())}
			small[k] = append(small[k], m)
		} else {
			kept = append(kept, m)
		}
	}
	for kind, list := range small {
		if len(list) < mergeCount {
			kept = append(kept, list...)
			continue
		}
		m, err := l.mergeInto(t, s, kind, list)
		if err != nil {
			return nil, err
		}
		if m != nil {
			kept = append(kept, m)
		}
	}
	return kept, nil
}

// mergeInto writes one manifest with the files of several. It is nil where none of
// them has a file left: what a rewrite took away stays listed as deleted until then,
// and there is no manifest without entries.
func (l *lake) mergeInto(t *table.Table, s *table.Snapshot, kind manifestKind, list []iceberg.ManifestFile) (iceberg.ManifestFile, error) {
	var live []iceberg.ManifestEntry
	for _, m := range list {
		for e, err := range m.Entries(l.disk, true) {
			if err != nil {
				return nil, err
			}
			live = append(live, e)
		}
	}
	if len(live) == 0 {
		return nil, nil
	}
	return l.writeManifest(t, s, kind, func(w *iceberg.ManifestWriter) error {
		for _, e := range live {
			if err := w.Existing(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// manifestKind is what the files of one manifest have in common.
type manifestKind struct {
	content iceberg.ManifestContent
	spec    int
}

// writeManifest writes a manifest of a snapshot under way, durably.
func (l *lake) writeManifest(t *table.Table, s *table.Snapshot, kind manifestKind, fill func(*iceberg.ManifestWriter) error) (m iceberg.ManifestFile, err error) {
	spec, err := specByID(t, kind.spec)
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf("%s/metadata/%s", t.Location(), newName("-manifest.avro"))
	out, err := l.disk.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			_ = l.disk.Remove(path)
		}
	}()
	size := &counter{w: out}
	w, err := iceberg.NewManifestWriter(2, size, spec, t.Schema(), s.SnapshotID, iceberg.WithManifestWriterContent(kind.content))
	if err != nil {
		return nil, err
	}
	if err := fill(w); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return w.ToManifestFile(path, size.n)
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
