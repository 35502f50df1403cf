package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// manifestKind is what the files of one manifest have in common.
type manifestKind struct {
	content iceberg.ManifestContent
	spec    int
}

func kindOf(m iceberg.ManifestFile) manifestKind {
	return manifestKind{m.ManifestContent(), int(m.PartitionSpecID())}
}

// addition is a new file, and its data sequence number; nil for its commit's own.
type addition struct {
	file iceberg.DataFile
	seq  *int64
}

func (a addition) kind() manifestKind {
	k := manifestKind{iceberg.ManifestContentDeletes, int(a.file.SpecID())}
	if a.file.ContentType() == iceberg.EntryContentData {
		k.content = iceberg.ManifestContentData
	}
	return k
}

// manifestWriter writes a manifest of a snapshot under way.
type manifestWriter func(t *table.Table, s *table.Snapshot, k manifestKind, fill func(*iceberg.ManifestWriter) error) (iceberg.ManifestFile, error)

// writeManifests are manifests of new files, one for each kind.
func (l *lake) writeManifests(t *table.Table, s *table.Snapshot, files []addition, write manifestWriter) (all []iceberg.ManifestFile, err error) {
	by := map[manifestKind][]addition{}
	var order []manifestKind
	for _, a := range files {
		k := a.kind()
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], a)
	}
	for _, k := range order {
		m, err := write(t, s, k, func(w *iceberg.ManifestWriter) error {
			for _, a := range by[k] {
				if err := w.Add(iceberg.NewManifestEntry(iceberg.EntryStatusADDED, &s.SnapshotID, a.seq, nil, a.file)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func (l *lake) newManifest(t *table.Table, s *table.Snapshot, k manifestKind, fill func(*iceberg.ManifestWriter) error) (iceberg.ManifestFile, error) {
	return l.writeManifest(t, s, k, "manifest", fill)
}

// writeManifest writes a manifest durably, with what it is in its name. One that
// fails leaves no file.
func (l *lake) writeManifest(t *table.Table, s *table.Snapshot, kind manifestKind, what string, fill func(*iceberg.ManifestWriter) error) (m iceberg.ManifestFile, err error) {
	spec, err := specByID(t, kind.spec)
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf("%s/metadata/%s", t.Location(), newName("-"+what+".avro"))
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
