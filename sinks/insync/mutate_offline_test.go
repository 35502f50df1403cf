package insync_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/iceberg-go"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/internal/icescan"
)

// lake is the offline table as another engine has it.
type lake struct {
	*world
	*table.Table
}

// onLake does something to the offline table by a client that isn't the sink.
func (w *world) onLake(do func(lake)) {
	w.Helper()
	err := icescan.InCatalog(w.offline.Warehouse, func(c *icesql.Catalog) error {
		t, err := c.LoadTable(w.Context(), table.Identifier{"features", w.group.Table()})
		if err == nil {
			do(lake{w, t})
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// files are the table's data files, and its newest snapshot's own ones.
func (l lake) files() (all, newest []iceberg.DataFile) {
	fs, err := l.FS(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	snapshot := l.CurrentSnapshot()
	manifests, err := snapshot.Manifests(fs)
	if err != nil {
		l.Fatal(err)
	}
	for _, m := range manifests {
		for e, err := range m.Entries(fs, true) {
			if err != nil {
				l.Fatal(err)
			}
			if e.DataFile().ContentType() != iceberg.EntryContentData {
				continue
			}
			all = append(all, e.DataFile())
			if e.SnapshotID() == snapshot.SnapshotID {
				newest = append(newest, e.DataFile())
			}
		}
	}
	return all, newest
}

// replace commits the table with other files.
func (l lake) replace(gone, added []iceberg.DataFile) {
	tx := l.NewTransaction()
	err := tx.ReplaceDataFilesWithDataFiles(l.Context(), gone, added, nil)
	if err == nil {
		_, err = tx.Commit(l.Context())
	}
	if err != nil {
		l.Fatal(err)
	}
}

// rewritten is a copy of a data file whose rows were changed: each as parquet-go has
// it, and by name which value is which.
func (l lake) rewritten(f iceberg.DataFile, change func([]pq.Row, map[string]int) []pq.Row) iceberg.DataFile {
	path := strings.TrimPrefix(f.FilePath(), "file://")
	b, err := os.ReadFile(path)
	if err != nil {
		l.Fatal(err)
	}
	in, err := pq.OpenFile(strings.NewReader(string(b)), int64(len(b)))
	if err != nil {
		l.Fatal(err)
	}
	columns := map[string]int{}
	for i, c := range in.Schema().Columns() {
		columns[c[0]] = i
	}
	var rows []pq.Row
	for _, g := range in.RowGroups() {
		r := g.Rows()
		for {
			buf := make([]pq.Row, 100)
			n, err := r.ReadRows(buf)
			for _, row := range buf[:n] {
				rows = append(rows, row.Clone())
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				l.Fatal(err)
			}
		}
		_ = r.Close()
	}
	rows = change(rows, columns)
	to := filepath.Join(filepath.Dir(path), "by-hand-"+filepath.Base(path))
	out, err := os.Create(to)
	if err != nil {
		l.Fatal(err)
	}
	writer := pq.NewGenericWriter[any](out, in.Schema())
	_, err = writer.WriteRows(rows)
	if err := errors.Join(err, writer.Close(), out.Close()); err != nil {
		l.Fatal(err)
	}
	size, err := os.Stat(to)
	if err != nil {
		l.Fatal(err)
	}
	d, err := iceberg.NewDataFileBuilder(l.Spec(), iceberg.EntryContentData, "file://"+to, iceberg.ParquetFile, nil, nil, nil, int64(len(rows)), size.Size())
	if err != nil {
		l.Fatal(err)
	}
	return d.Build()
}
