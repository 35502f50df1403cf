package parquet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/status"
)

// maxRaces bounds how often a commit is built again because another writer was
// faster; then it counts as failed and is tried again later.
const maxRaces = 20

// commitCut publishes a sealed cut and reports its spans as durable. Whatever
// goes wrong, the cut can be committed again.
func (w *writer) commitCut(ctx context.Context, c *cut) error {
	if !c.advances() {
		w.report(c, c.spans())
		return c.discard(w.lake.disk)
	}
	began := time.Now()
	if err := w.prepare(ctx, c); err != nil {
		return classify(err)
	}
	tries := 0
	if err := race(ctx, func() error { tries++; return w.attempt(ctx, c) }); err != nil {
		return err
	}
	took := time.Since(began)
	w.landed(c)
	w.node.Note(c.plan.event(began, took, tries-1))
	return nil
}

// event tells people of a commit.
func (p *plan) event(began time.Time, took time.Duration, races int) status.Event {
	e := status.Event{Kind: status.Commit, Began: began, Took: took, Files: len(p.files), Races: races}
	for _, f := range p.files {
		e.Rows += f.Count()
		e.Bytes += f.FileSizeBytes()
	}
	return e
}

// race makes an attempt again as long as other writers are faster.
func race(ctx context.Context, attempt func() error) error {
	for n := 0; ; n++ {
		err := attempt()
		if !errors.Is(err, errMoved) || n == maxRaces {
			return classify(err)
		}
		if err := pause(ctx, time.Duration(n)*5*time.Millisecond); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// advances reports whether the cut has anything that the table lacks: spans, or
// a lane that is in it because the other sinks caught up.
func (c *cut) advances() bool {
	for _, l := range c.lanes {
		if n := len(l.spans); n == 0 || l.spans[n-1].To > l.state.base {
			return true
		}
	}
	return false
}

// prepare makes the cut's files durable and resolves its rows among each other.
func (w *writer) prepare(ctx context.Context, c *cut) error {
	if c.id == "" {
		c.id = rand.Text()
	}
	for _, f := range c.files {
		if err := f.sync(); err != nil {
			return err
		}
	}
	if err := w.lake.disk.syncDir(w.lake.data); err != nil {
		return err
	}
	t, err := w.lake.load(ctx)
	if err != nil {
		return err
	}
	if err := w.lake.goOn(t); err != nil {
		return err
	}
	for _, f := range c.files {
		if err := w.lake.describe(ctx, t, f); err != nil {
			return err
		}
	}
	if !c.resolved {
		c.losers, c.resolved = c.resolveWithin(w.node.Schema.Group.Order), true
	}
	return nil
}

// describe makes a file's entry for the manifest, in the partition that it was cut
// for: the library could only guess that from the bounds of its columns.
func (l *lake) describe(ctx context.Context, t *table.Table, f *dataFile) (err error) {
	if f.meta != nil {
		return nil
	}
	f.meta, err = table.FileToDataFile(ctx, l.disk, f.uri(), f.layout.part(t.Schema()), *iceberg.UnpartitionedSpec, 0, t.Properties())
	if err == nil && f.tuple.key != "" {
		f.meta, err = placed(t, f.meta, f.tuple)
	}
	if err != nil {
		return fmt.Errorf("describing %s: %w", f.uri(), err)
	}
	f.stored = storedOf(f.meta, l.layout)
	return nil
}

// attempt builds the commit on the table as it is now, and publishes it.
func (w *writer) attempt(ctx context.Context, c *cut) error {
	t, err := w.lake.load(ctx)
	if err != nil {
		return err
	}
	if c.maybeLanded {
		if holds(t, c.id) {
			return nil
		}
		c.maybeLanded = false
	}
	if err := w.lake.goOn(t); err != nil {
		return err
	}
	c.plan.discard(w.lake.disk)
	c.plan, err = w.plan(ctx, t, c)
	if err != nil {
		return err
	}
	c.maybeLanded = true
	err = w.lake.publish(ctx, t, c.plan)
	c.maybeLanded = err != nil && !errors.Is(err, errMoved)
	return err
}

// landed reports a commit that is in the table.
func (w *writer) landed(c *cut) {
	for _, l := range c.lanes {
		l.state.said = c.plan.progress[progressName(l.lane.Topic, l.lane.Partition)]
		l.state.stored = markOf(l.state.said, w.node.Name)
	}
	c.maybeLanded = false
	w.report(c, c.plan.spans)
	for _, f := range c.plan.empty {
		_ = f.out.discard()
	}
	w.commits++
	w.sweeper.add(c.plan.gone)
	w.tender.committed(c.plan)
}

// report says that the cut's spans are durable.
func (w *writer) report(c *cut, spans [][]feature.SpanTally) {
	for i, l := range c.lanes {
		if len(spans[i]) > 0 {
			w.node.Durable(l.lane, spans[i])
		}
	}
}

func (c *cut) spans() [][]feature.SpanTally {
	all := make([][]feature.SpanTally, len(c.lanes))
	for i, l := range c.lanes {
		all[i] = l.spans
	}
	return all
}

// discard removes the files of a cut that is not in the table.
func (c *cut) discard(d *disk) error {
	c.plan.discard(d)
	var errs []error
	for _, f := range c.files {
		errs = append(errs, f.out.discard())
	}
	return errors.Join(errs...)
}
