package icescan

import (
	"context"
	"os"
	"strings"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Shape is what a reader of the table's current snapshot has to go through.
type Shape struct {
	Files, Deletes int   // of rows, and of deletes
	Rows           int64 // of those files, deleted or not
	Bytes          int64 // of both
	Metadata       int64 // bytes of the metadata file, the snapshot's list and its manifests
}

// Shape reads the manifests.
func (t Table) Shape(ctx context.Context, s *feature.Schema) (Shape, error) {
	tbl, err := t.Load(ctx, s)
	if err != nil {
		return Shape{}, err
	}
	fs, err := tbl.FS(ctx)
	if err != nil {
		return Shape{}, err
	}
	var shape Shape
	snap := tbl.CurrentSnapshot()
	if snap == nil {
		return shape, nil
	}
	manifests, err := snap.Manifests(fs)
	if err != nil {
		return Shape{}, err
	}
	for _, m := range manifests {
		shape.Metadata += m.Length()
		if err := shape.add(fs, m); err != nil {
			return Shape{}, err
		}
	}
	return shape, shape.addSizes(tbl.MetadataLocation(), snap)
}

func (s *Shape) add(fs iceio.IO, m iceberg.ManifestFile) error {
	for e, err := range m.Entries(fs, true) {
		if err != nil {
			return err
		}
		f := e.DataFile()
		s.Bytes += f.FileSizeBytes()
		if m.ManifestContent() == iceberg.ManifestContentDeletes {
			s.Deletes++
			continue
		}
		s.Files, s.Rows = s.Files+1, s.Rows+f.Count()
	}
	return nil
}

func (s *Shape) addSizes(metadata string, snap *table.Snapshot) error {
	for _, uri := range []string{metadata, snap.ManifestList} {
		info, err := os.Stat(strings.TrimPrefix(uri, "file://"))
		if err != nil {
			return err
		}
		s.Metadata += info.Size()
	}
	return nil
}

// Count reads every column of every row, and gives how many rows there are.
func (t Table) Count(ctx context.Context, s *feature.Schema) (rows int64, err error) {
	batches, err := t.batches(ctx, s)
	if err != nil {
		return 0, err
	}
	for b, err := range batches {
		if err != nil {
			return 0, err
		}
		rows += b.NumRows()
		b.Release()
	}
	return rows, nil
}
