package parquet

import (
	"context"
	"maps"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// plan is everything that a commit publishes.
type plan struct {
	id       string
	spans    [][]feature.SpanTally // by cut.lanes
	progress progress
	files    []iceberg.DataFile
	empty    []*dataFile        // files of which no row is left
	deletes  []iceberg.DataFile // one for each partition that rows are deleted from

	tidy bool     // merges small manifests too
	gone []past   // that it takes out of the metadata
	refs []string // tags and branches that have outlived their time
}

func (w *writer) plan(ctx context.Context, t *table.Table, c *cut) (*plan, error) {
	have, err := progressOf(t)
	if err != nil {
		return nil, err
	}
	for _, l := range c.lanes {
		if err := checkStored(l, w.node.Name, have); err != nil {
			return nil, err
		}
	}
	found, err := w.lookup(ctx, t, c)
	if err != nil {
		return nil, err
	}
	r := c.resolve(found, w.node.Schema.Group.Order)
	p := &plan{id: c.id, spans: r.spans, progress: maps.Clone(have)}
	if w.commits%maintainEach == maintainEach-1 {
		p.tidyUp(t, w.set)
	}
	for i, l := range c.lanes {
		p.progress[progressName(l.lane.Topic, l.lane.Partition)] = w.node.Progress(l.lane, r.spans[i])
	}
	for i, f := range c.files {
		if r.alive[i] > 0 {
			p.files = append(p.files, f.meta)
		} else {
			p.empty = append(p.empty, f)
		}
	}
	return p, p.writeDeletes(w.lake, t, r.positions(c))
}

// writeDeletes writes the rows that are deleted, by partition.
func (p *plan) writeDeletes(l *lake, t *table.Table, by map[string]*deletion) error {
	for _, key := range slices.Sorted(maps.Keys(by)) {
		f, err := l.writeDeletes(t, by[key].rows, by[key].tuple, false)
		if err != nil {
			p.discard(l.disk)
			return err
		}
		p.deletes = append(p.deletes, f)
	}
	return nil
}

// discard removes what an attempt wrote that is not in the table.
func (p *plan) discard(d *disk) {
	if p == nil {
		return
	}
	for _, f := range p.deletes {
		_ = d.Remove(f.FilePath())
	}
}

func (w *writer) lookup(ctx context.Context, t *table.Table, c *cut) ([]match, error) {
	data, deletes, err := w.lake.inventory.at(t, w.lake.disk, w.lake.layout)
	if err != nil {
		return nil, err
	}
	k := &lookup{w.lake, c, w.node.Logger}
	return k.find(ctx, data, deletes)
}
