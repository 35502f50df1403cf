package parquet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// replacement commits a job on the table as it is by then, in one snapshot:
//
//   - the files that were rewritten go, and the new ones come. Their data sequence
//     number is that of the snapshot which was read, so that what other engines
//     delete by value since then applies to them;
//   - rows that were deleted since then are deleted in the new files;
//   - files of deletes that concern nothing that stays go too.
type replacement struct {
	lake   *lake
	job    *job
	files  *rewritten                  // of job.rewrite
	merged map[string]iceberg.DataFile // of job.merge: the new files of deletes, by data file

	done        Compaction
	unneeded    []string // new files of which no row is left, and deletes of files that went
	wrote       []string // by the last attempt
	maybeLanded bool
}

// discard removes what was written for attempts that are known to have failed.
func (r *replacement) discard() {
	if r.maybeLanded {
		return
	}
	if r.files != nil {
		r.files.discard()
	}
	for _, f := range r.merged {
		_ = r.lake.disk.Remove(f.FilePath())
	}
}

// tidy removes new files that nobody needs any more.
func (r *replacement) tidy() {
	for _, path := range r.unneeded {
		_ = r.lake.disk.Remove(path)
	}
}

// attempt builds the commit on the table as it is now. One that another writer was
// faster than leaves no file behind.
func (r *replacement) attempt(ctx context.Context) error {
	r.unneeded, r.wrote, r.maybeLanded, r.done = nil, nil, false, Compaction{}
	t, err := r.lake.load(ctx)
	if err != nil {
		return err
	}
	c, err := r.change(t)
	if err == nil {
		err = r.publish(ctx, t, c)
	}
	if err != nil && !r.maybeLanded {
		for _, path := range r.wrote {
			_ = r.lake.disk.Remove(path)
		}
	}
	return err
}

func (r *replacement) publish(ctx context.Context, t *table.Table, c *change) error {
	text, err := progressText(t)
	if err != nil {
		return err
	}
	s := r.lake.newSnapshot(t, table.OpReplace, iceberg.Properties{progressKey: text})
	manifests, err := c.manifests(t, s)
	r.wrote = append(r.wrote, c.wrote...)
	if err != nil {
		return err
	}
	c.count(s.Summary.Properties)
	r.maybeLanded = true
	err = r.lake.publishManifests(ctx, t, s, manifests)
	if r.wrote = append(r.wrote, s.ManifestList); errors.Is(err, errMoved) {
		r.maybeLanded = false
	}
	return err
}

// change is what goes and what comes, by the table as it is now.
func (r *replacement) change(t *table.Table) (*change, error) {
	d, err := r.lake.debtOf(t)
	if err != nil {
		return nil, err
	}
	c := &change{lake: r.lake, drop: map[string]bool{}}
	going := map[string]bool{}
	for _, f := range slices.Concat(r.job.rewrite, r.job.drop) {
		if !d.files[f.uri] || d.live(f) > 0 && slices.ContainsFunc(r.job.drop, func(x stored) bool { return x.uri == f.uri }) {
			return nil, fmt.Errorf("%w: %s", errRewritten, f.uri)
		}
		going[f.uri], c.drop[f.uri] = true, true
	}
	if err := r.rewritten(t, d, c); err != nil {
		return nil, err
	}
	if err := r.mergedDeletes(d, c, going); err != nil {
		return nil, err
	}
	needless, err := d.needless(r.lake, going)
	if err != nil {
		return nil, err
	}
	for _, f := range needless {
		c.drop[f.uri] = true
	}
	r.done.Dropped, r.done.Deletes, r.done.Commits = len(r.job.drop), len(c.drop)-len(going), 1
	return c, nil
}

// rewritten adds the new files, and the deletes of their rows.
func (r *replacement) rewritten(t *table.Table, d *debt, c *change) error {
	if r.files == nil {
		return nil
	}
	moved := map[string][]position{}
	for i, f := range r.files.in {
		gone, err := d.gone(r.lake, f)
		if err != nil {
			return err
		}
		rows, err := r.files.translate(i, gone)
		if err != nil {
			return err
		}
		for _, p := range rows {
			moved[p.uri] = append(moved[p.uri], p)
		}
	}
	for _, f := range r.files.out {
		if int64(len(moved[f.uri()])) == f.meta.Count() {
			r.unneeded = append(r.unneeded, f.uri())
			continue
		}
		c.add = append(c.add, addition{f.meta, &r.files.base})
		r.done.After++
		if len(moved[f.uri()]) == 0 {
			continue
		}
		gone, err := r.lake.writeDeletes(t, moved[f.uri()], f.tuple, true)
		if err != nil {
			return err
		}
		r.wrote = append(r.wrote, gone.FilePath())
		c.add = append(c.add, addition{file: gone})
	}
	r.done.Before, r.done.Bytes = len(r.files.in), r.files.bytes
	for _, rows := range moved {
		r.done.Moved += len(rows)
	}
	return nil
}
