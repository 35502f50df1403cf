package parquet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// merge writes the files of deletes that come in the place of many, one for each data file.
func (r *replacement) merge(ctx context.Context, t *table.Table, d *debt) error {
	rows, of := map[string][]position{}, map[string]stored{}
	for _, f := range r.job.merge {
		byFile, err := r.lake.deleted.read(r.lake.disk, f)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		for uri, some := range byFile {
			for _, row := range some {
				rows[uri] = append(rows[uri], position{uri, row})
			}
		}
	}
	for _, f := range d.data {
		of[f.uri] = f
	}
	r.merged = map[string]iceberg.DataFile{}
	for _, uri := range slices.Sorted(maps.Keys(rows)) {
		f, ok := of[uri]
		if !ok {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		merged, err := r.lake.writeDeletes(t, rows[uri], f.tuple, true)
		if err != nil {
			return err
		}
		r.merged[uri] = merged
	}
	return nil
}

// mergedDeletes puts files of deletes in the place of many.
func (r *replacement) mergedDeletes(d *debt, c *change, going map[string]bool) error {
	is := map[string]bool{}
	for f := range d.deletes() {
		is[f.uri] = true
	}
	for _, f := range r.job.merge {
		if !is[f.uri] {
			return fmt.Errorf("%w: %s", errRewritten, f.uri)
		}
		c.drop[f.uri] = true
	}
	for _, uri := range slices.Sorted(maps.Keys(r.merged)) {
		if !d.files[uri] || going[uri] {
			r.unneeded = append(r.unneeded, r.merged[uri].FilePath())
			continue
		}
		c.add = append(c.add, addition{file: r.merged[uri]})
	}
	return nil
}
