package parquet

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// compactor rewrites files of a table beside those who write to it: off their
// way until it commits, and then by what was deleted meanwhile.
type compactor struct {
	set    *Sink
	lake   *lake // of its own, for it reads the table while others commit
	schema *feature.Schema
	policy policy
	pace   *pace
	// commit makes attempts until one is in the table or has failed.
	commit func(ctx context.Context, attempt func() error) error
}

// Compaction is what was done to a table's files. Its rows stay as they were.
type Compaction struct {
	Before, After int   // data files that were rewritten, and those in their place
	Dropped       int   // data files of which no row was left
	Deletes       int   // files of position deletes that are needed no more
	Moved         int   // rows that were deleted while their file was rewritten, and are so in the new one
	Bytes         int64 // of the new data files
	Commits       int
}

func (c *Compaction) add(o Compaction) {
	c.Before, c.After, c.Dropped, c.Deletes = c.Before+o.Before, c.After+o.After, c.Dropped+o.Dropped, c.Deletes+o.Deletes
	c.Moved, c.Bytes, c.Commits = c.Moved+o.Moved, c.Bytes+o.Bytes, c.Commits+o.Commits
}

// errRewritten says that files changed in a way that what was made of them can't follow.
var errRewritten = errors.New("its files were rewritten by another process")

// one does the next job. Without one it does nothing.
func (c *compactor) one(ctx context.Context) (done Compaction, err error) {
	t, err := c.lake.load(ctx)
	if err != nil || t.CurrentSnapshot() == nil {
		return done, err
	}
	if err := c.lake.widen(t, c.schema); err != nil {
		return done, err
	}
	d, err := c.lake.debtOf(t)
	if err != nil {
		return done, err
	}
	j := c.policy.job(d)
	if j.empty() {
		return done, nil
	}
	return c.do(ctx, t, d, j)
}

func (c *compactor) do(ctx context.Context, t *table.Table, d *debt, j *job) (Compaction, error) {
	r := &replacement{lake: c.lake, job: j}
	err := r.merge(ctx, t, d)
	if err == nil && len(j.rewrite) > 0 {
		r.files, err = c.rewrite(ctx, t, j.rewrite, d)
	}
	if err == nil {
		err = c.catchUp(ctx)
	}
	if err == nil {
		err = c.commit(ctx, func() error { return r.attempt(ctx) })
	}
	if err != nil {
		// Unless the commit is known to have failed, the table may name the new files:
		// if it does not, they are removed as orphans.
		r.discard()
		return Compaction{}, err
	}
	r.tidy()
	return r.done, nil
}

// catchUp reads what came since the table was read, so that the commit has less
// to read while others wait for it.
func (c *compactor) catchUp(ctx context.Context) error {
	t, err := c.lake.load(ctx)
	if err != nil {
		return err
	}
	_, err = c.lake.debtOf(t)
	return err
}

// all does what there is to do.
func (c *compactor) all(ctx context.Context) (done Compaction, err error) {
	for races := 0; ; {
		one, err := c.one(ctx)
		switch {
		case errors.Is(err, errRewritten) && races < maxRaces:
			races++
			continue
		case err != nil:
			return done, fmt.Errorf("compact %s: %w", c.schema.Group.Table(), err)
		case one.Commits == 0:
			return done, nil
		}
		done.add(one)
	}
}
