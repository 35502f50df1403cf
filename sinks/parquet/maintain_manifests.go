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

// mergeManifests does what the library does for appends only: commits that
// delete rows leave two manifests each, which nothing would ever merge. It gives
// no snapshot if there is nothing to merge.
func (l *lake) mergeManifests(t *table.Table) (*table.Snapshot, []iceberg.ManifestFile, error) {
	all, err := t.CurrentSnapshot().Manifests(l.disk)
	if err != nil {
		return nil, nil, err
	}
	text, err := progressText(t)
	if err != nil {
		return nil, nil, err
	}
	s := newSnapshot(t, table.OpReplace, iceberg.Properties{progressKey: text})
	merged, err := l.merge(t, s, all)
	if err != nil || len(merged) == len(all) {
		return nil, nil, err
	}
	return s, merged, nil
}

func (l *lake) merge(t *table.Table, s *table.Snapshot, all []iceberg.ManifestFile) ([]iceberg.ManifestFile, error) {
	var kept []iceberg.ManifestFile
	small := map[iceberg.ManifestContent][]iceberg.ManifestFile{}
	for _, m := range all {
		if m.Length() < mergeBytes {
			small[m.ManifestContent()] = append(small[m.ManifestContent()], m)
		} else {
			kept = append(kept, m)
		}
	}
	for content, list := range small {
		if len(list) < mergeCount {
			kept = append(kept, list...)
			continue
		}
		m, err := l.mergeInto(t, s, content, list)
		if err != nil {
			return nil, err
		}
		kept = append(kept, m)
	}
	return kept, nil
}

// mergeInto writes one manifest with the files of several.
func (l *lake) mergeInto(t *table.Table, s *table.Snapshot, content iceberg.ManifestContent, list []iceberg.ManifestFile) (_ iceberg.ManifestFile, err error) {
	path := fmt.Sprintf("%s/metadata/%s", t.Location(), newName("-merged.avro"))
	out, err := l.disk.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	size := &counter{w: out}
	w, err := iceberg.NewManifestWriter(2, size, t.Spec(), t.Schema(), s.SnapshotID, iceberg.WithManifestWriterContent(content))
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		for e, err := range m.Entries(l.disk, true) {
			if err != nil {
				return nil, err
			}
			if err := w.Existing(e); err != nil {
				return nil, err
			}
		}
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
