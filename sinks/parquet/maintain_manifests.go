package parquet

import (
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
			small[kindOf(m)] = append(small[kindOf(m)], m)
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
	return l.newManifest(t, s, kind, func(w *iceberg.ManifestWriter) error {
		for _, e := range live {
			if err := w.Existing(e); err != nil {
				return err
			}
		}
		return nil
	})
}
