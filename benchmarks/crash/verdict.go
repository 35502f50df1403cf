package crash

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// oracle knows the log, reads both stores (the offline one by software that isn't the sink's), and asks the offline one
// and the group how far they are. It goes to the servers directly.
func (w *World) oracle(ctx context.Context) (o pipelinetest.Oracle, close func() error, err error) {
	keeper, close, err := pipelinetest.OpenKeeper(ctx, &parquet.Sink{Warehouse: w.Warehouse}, w.schema)
	if err != nil {
		return o, nil, fmt.Errorf("ask the offline store: %w", err)
	}
	return pipelinetest.Oracle{
		Log:     w.log,
		Online:  &cassandra.Sink{Hosts: []string{w.host}, Keyspace: w.Keyspace},
		Offline: icescan.Table{Warehouse: w.Warehouse}, Keeper: keeper, Committed: w.group.committed,
	}, close, nil
}

// Verdict compares both stores with what was sent, all of which a child has read before it drained.
func (w *World) Verdict(ctx context.Context) error { return w.check(ctx, true) }

// Look is Verdict while children stand by, of whom none has drained yet: the group has caught up, and the progress in
// the table may say so with its next commit only.
func (w *World) Look(ctx context.Context) error { return w.check(ctx, false) }

func (w *World) check(ctx context.Context, drained bool) error {
	o, close, err := w.oracle(ctx)
	if err != nil {
		return err
	}
	if !drained {
		o.Committed = nil
	}
	return errors.Join(o.Check(ctx), close())
}

// Settle has a child read to the end, and gives the verdict.
func (w *World) Settle(ctx context.Context) error {
	j := w.Job
	j.UntilEnd = true
	p, err := w.Start(j)
	if err != nil {
		return err
	}
	if err := p.Finish(); err != nil {
		return err
	}
	return w.Verdict(ctx)
}

// Watch has a reader look at both stores, again and again, until stop is called, which gives the number of looks and
// what was wrong. There must be tables, and the servers must stay up.
func (w *World) Watch(ctx context.Context, pause time.Duration) (stop func() (int, error), err error) {
	o, close, err := w.oracle(ctx)
	if err != nil {
		return nil, err
	}
	o.Committed = nil // see Look
	enough := o.Watch(ctx, pause)
	return func() (int, error) {
		looks, err := enough()
		return looks, errors.Join(err, close())
	}, nil
}
