package parquet

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// position names a row of the table.
type position struct {
	uri string
	row int64
}

// The columns of a position-delete file, as the Iceberg specification has them.
var (
	deletePath = column.Flat(feature.Field{Name: "file_path", Kind: feature.String}, pathID)
	deletePos  = column.Flat(feature.Field{Name: "pos", Kind: feature.Int64}, 2147483545)

	deleteSchema = pq.NewSchema("deletes", pq.Group{
		"file_path": pq.FieldID(pq.Encoded(pq.String(), &pq.RLEDictionary), pathID),
		"pos":       pq.FieldID(pq.Encoded(pq.Leaf(pq.Int64Type), &pq.Plain), deletePos.ID),
	})
)

// writeDeletes writes one file of position deletes, durably, for data files of one
// partition. A commit has one at most for each, however many files it deletes from:
// without a compaction there would soon be more delete files than data. A scoped one
// names the data file that all of its rows are in.
func (l *lake) writeDeletes(t *table.Table, rows []position, in tuple, scoped bool) (iceberg.DataFile, error) {
	spec, err := specByID(t, in.spec)
	if err != nil {
		return nil, fmt.Errorf("deletes in %s: %w", rows[0].uri, err)
	}
	slices.SortFunc(rows, func(a, b position) int {
		return cmp.Or(cmp.Compare(a.uri, b.uri), cmp.Compare(a.row, b.row))
	})
	f, err := l.disk.create(filepath.Join(l.data, newName("-deletes.parquet")))
	if err != nil {
		return nil, err
	}
	err = errors.Join(writePositions(f, rows), f.Close())
	var size int64
	if err == nil {
		size, err = sizeOf(l.disk, f.Name())
	}
	if err != nil {
		return nil, errors.Join(err, l.disk.Remove(f.Name()))
	}
	b, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentPosDeletes, "file://"+f.Name(), iceberg.ParquetFile,
		in.values, nil, nil, int64(len(rows)), size)
	if err != nil {
		return nil, err
	}
	if scoped {
		b.ReferencedDataFile(rows[0].uri)
	}
	return b.LowerBoundValues(map[int][]byte{pathID: []byte(rows[0].uri)}).
		UpperBoundValues(map[int][]byte{pathID: []byte(rows[len(rows)-1].uri)}).Build(), nil
}

// deletesAtOnce are turned into values at a time.
const deletesAtOnce = 128

func writePositions(f *file, rows []position) error {
	w := pq.NewGenericWriter[any](f, deleteSchema, pq.Compression(&pq.Snappy), pq.DataPageVersion(1), pq.PageBufferSize(column.PageBytes))
	leaves := w.ColumnWriters()
	paths, positions := make([]pq.Value, 0, deletesAtOnce), make([]pq.Value, 0, deletesAtOnce)
	for part := range slices.Chunk(rows, deletesAtOnce) {
		paths, positions = paths[:0], positions[:0]
		for _, r := range part {
			paths = append(paths, pq.ByteArrayValue([]byte(r.uri)))
			positions = append(positions, pq.Int64Value(r.row))
		}
		_, err := leaves[0].WriteRowValues(paths)
		if err == nil {
			_, err = leaves[1].WriteRowValues(positions)
		}
		if err != nil {
			return err
		}
	}
	return w.Close()
}

func sizeOf(d *disk, path string) (int64, error) {
	i, err := d.Stat(path)
	if err != nil {
		return 0, err
	}
	return i.Size(), nil
}

// rowSet is the rows of one file that are deleted, in order.
type rowSet []int64

func (s rowSet) has(row int64) bool {
	_, ok := slices.BinarySearch(s, row)
	return ok
}

// deletedRows remembers delete files that were read: they don't change.
type deletedRows struct {
	files map[string]map[string]rowSet // delete file, data file
	held  int
}

// maxDeleted positions are remembered, at 8 bytes each.
const maxDeleted = 4 << 20

// of is the set of deleted rows of one data file.
func (r *deletedRows) of(d *disk, uri string, deletes []stored) (rowSet, error) {
	var all rowSet
	for _, f := range deletes {
		b := f.bounds[0]
		if b.lower != nil && bytes.Compare([]byte(uri), b.lower) < 0 || b.upper != nil && bytes.Compare([]byte(uri), b.upper) > 0 {
			continue
		}
		byFile, err := r.read(d, f)
		if err != nil {
			return nil, fmt.Errorf("position deletes %s: %w", f.uri, err)
		}
		all = append(all, byFile[uri]...)
	}
	slices.Sort(all)
	return all, nil
}

func (r *deletedRows) read(d *disk, f stored) (_ map[string]rowSet, err error) {
	if byFile, ok := r.files[f.uri]; ok {
		return byFile, nil
	}
	in, err := openFile(d, f)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var dec column.Decoder
	byFile := map[string]rowSet{}
	for _, g := range in.RowGroups() {
		paths, rows := feature.NewColumn(deletePath.Field), feature.NewColumn(deletePos.Field)
		if err := errors.Join(dec.Read(g, &deletePath, &paths), dec.Read(g, &deletePos, &rows)); err != nil {
			return nil, err
		}
		for i, row := range rows.Int64s {
			byFile[string(paths.Slice(i))] = append(byFile[string(paths.Slice(i))], row)
		}
	}
	r.keep(f.uri, byFile, int(in.NumRows()))
	return byFile, nil
}

func (r *deletedRows) keep(uri string, byFile map[string]rowSet, n int) {
	if r.files == nil || r.held+n > maxDeleted {
		r.files, r.held = map[string]map[string]rowSet{}, 0
	}
	r.files[uri] = byFile
	r.held += n
}
