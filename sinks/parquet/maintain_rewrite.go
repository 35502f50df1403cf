package parquet

import (
	"context"
	"errors"
	"math"

	"github.com/apache/iceberg-go/table"
)

// rewrite makes them. It reads the table and writes files that nothing names.
func (c *compactor) rewrite(ctx context.Context, t *table.Table, in []stored, d *debt) (_ *rewritten, err error) {
	r := &rewritten{base: t.CurrentSnapshot().SequenceNumber, in: in}
	by, err := sortColumns(c.set.Sort, c.lake.schema)
	if err != nil {
		return nil, err
	}
	s := &sorter{set: c.set, lake: c.lake, by: by, rows: newBlock(c.lake.schema)}
	defer func() {
		if err = errors.Join(err, closeRuns(s.runs)); err != nil {
			r.discard()
		}
	}()
	live := int64(0)
	for i, f := range in {
		gone, err := d.gone(c.lake, f)
		if err == nil {
			err = s.add(ctx, f, uint32(i), gone)
		}
		if err != nil {
			return nil, err
		}
		r.ranks, r.dead = append(r.ranks, make([]uint32, f.rows)), append(r.dead, len(gone))
		live += f.rows - int64(len(gone))
	}
	m, err := newMerge(c.lake.schema, by, s.finish())
	if err == nil {
		err = c.fill(ctx, r, m, s.nulls, evenly(live, outputs(c.set, in, d)))
	}
	if err == nil {
		err = c.finishFiles(ctx, t, r)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// outputs is how many files the rows of some make.
func outputs(set *Sink, in []stored, d *debt) int64 {
	rows, bytes := int64(0), 0.0
	for _, f := range in {
		rows += d.live(f)
		bytes += d.liveBytes(f)
	}
	byRows := (rows + int64(set.FileRows) - 1) / int64(set.FileRows)
	return max(byRows, int64(math.Round(bytes/float64(set.FileBytes))), 1)
}

// evenly is how many rows a file has, of so many in so many.
func evenly(rows, files int64) int { return int(max((rows+files-1)/files, 1)) }

// fill writes the rows, so many to a file.
func (c *compactor) fill(ctx context.Context, r *rewritten, m *merge, nulls bool, perFile int) error {
	b := newBlock(c.lake.schema)
	var f *dataFile
	for {
		room := perFile
		if f != nil {
			room -= f.identities.Len()
		}
		if err := m.next(ctx, c.lake.schema, b, min(room, blockRows)); err != nil {
			return err
		}
		if b.len() == 0 {
			return nil
		}
		if f == nil {
			var err error
			if f, err = c.lake.newDataFile(nulls, r.in[0].tuple); err != nil {
				return err
			}
			r.out, r.ends = append(r.out, f), append(r.ends, r.last())
		}
		if err := errors.Join(f.copy(b, &c.lake.digester), f.out.drain()); err != nil {
			return err
		}
		r.rank(b)
		if f.identities.Len() >= perFile || f.identities.Crowded() {
			if err := f.end(); err != nil {
				return err
			}
			f = nil
		}
		if err := c.pace.spend(ctx, b.len()*rowBytes(r.in)); err != nil {
			return err
		}
	}
}

// rowBytes is what a row of some files takes on disk.
func rowBytes(in []stored) int {
	rows, bytes := int64(1), int64(0)
	for _, f := range in {
		rows, bytes = rows+f.rows, bytes+f.size
	}
	return int(bytes / rows)
}

// finishFiles makes the new files durable and describes them.
func (c *compactor) finishFiles(ctx context.Context, t *table.Table, r *rewritten) error {
	for _, f := range r.out {
		if err := f.sync(); err != nil {
			return err
		}
	}
	if err := c.lake.disk.syncDir(c.lake.data); err != nil {
		return err
	}
	for _, f := range r.out {
		if err := c.lake.describe(ctx, t, f); err != nil {
			return err
		}
		r.bytes += f.meta.FileSizeBytes()
	}
	return nil
}
