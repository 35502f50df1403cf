package crash

import (
	"context"
	"errors"

	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/insync"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// Verdict compares both stores with what was sent. No child may be at work.
func (w *World) Verdict(ctx context.Context) error {
	online := &cassandra.Sink{Hosts: []string{w.host}, Keyspace: w.Keyspace}
	offline := &parquet.Sink{Warehouse: w.Warehouse}
	report, err := insync.Compare(ctx, w.schema, online.Scan(ctx, w.schema), offline.Scan(ctx, w.schema))
	if err == nil && !report.OK() {
		err = errors.New(report.String())
	}
	return err
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
