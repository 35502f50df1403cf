package memstore

import (
	"context"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// keeper is the writer of an offline table.
type keeper struct{ *writer }

var _ pipeline.ProgressStore = &keeper{}

// Progress is what the table holds of a partition.
func (k *keeper) Progress(_ context.Context, topic string, partition int32) (feature.Progress, bool, error) {
	k.sink.mu.Lock()
	defer k.sink.mu.Unlock()
	p, ok := k.table.progress[log{topic, partition}]
	return p, ok, nil
}

// discarder is the writer of nothing.
type discarder struct {
	node  *pipeline.SinkNode
	store feature.Store
}

func (d *discarder) Write(_ context.Context, l *feature.Lane, rows *feature.Rows) error {
	d.node.Durable(l, rows.Tally(d.store))
	return nil
}

func (d *discarder) Flush(context.Context) error { return nil }

func (d *discarder) Close() error { return nil }
