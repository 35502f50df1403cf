package cassandra

import (
	"context"
	"fmt"
	"strings"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var _ pipeline.Evolver = (*writer)(nil)

// Evolve adds the columns that the table lacks, the types of their structs first. Without Create that is an error,
// with the statements to run.
func (w *writer) Evolve(ctx context.Context, s *feature.Schema) error {
	w.growing.Lock()
	defer w.growing.Unlock()
	t, err := w.sink.prepare(ctx, newTable(w.sink.Keyspace, w.sink.layout(s), s), w.node.Logger)
	if err == nil {
		err = w.adopt(ctx, t)
	}
	return classify(ctx, err)
}

// adopt writes to the table as it is from here on. The caller holds growing.
func (w *writer) adopt(ctx context.Context, t *table) error {
	if err := w.conn.learnRouting(ctx, t); err != nil {
		return err
	}
	w.plan = newPlan(t)
	return nil
}

// planOf is how rows of a lane are written. A table that others may give columns is looked at again before a lane's
// first rows: a row that another process wrote there may have values in columns that this one has never heard of, and
// a newer row must not keep them. Whoever wrote it had the lane before, so its columns are there by now. A packed row
// is replaced as a whole and needs no look.
func (w *writer) planOf(ctx context.Context, lane *feature.Lane) (*plan, error) {
	w.growing.Lock()
	defer w.growing.Unlock()
	t := w.plan.table
	if t.layout == Packed || !t.schema.Group.Evolve || w.lanes[lane.TopicPartition] == lane {
		return w.plan, nil
	}
	if err := w.look(ctx, t); err != nil {
		return nil, err
	}
	w.lanes[lane.TopicPartition] = lane
	return w.plan, nil
}

func (w *writer) look(ctx context.Context, t *table) error {
	have, err := w.conn.shape(ctx, t)
	if err != nil {
		return err
	}
	now, missing, err := newTable(t.keyspace, t.layout, t.schema).fit(have)
	switch {
	case err != nil:
		return err
	case len(missing) > 0:
		return fmt.Errorf("table %s has lost columns; it would need: %s", t.qualified(t.name()), strings.Join(missing, "; "))
	case now.upsert() == w.plan.upsert:
		return nil
	}
	if err := w.conn.settle(ctx, now); err != nil {
		return err
	}
	return w.adopt(ctx, now)
}
