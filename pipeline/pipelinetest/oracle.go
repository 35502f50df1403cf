package pipelinetest

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Store is one that can be read back, as every sink here can.
type Store interface {
	// Scan gives every row that a reader of the store sees, as sinktest.Target says.
	Scan(ctx context.Context, s *feature.Schema) iter.Seq2[feature.Stored, error]
}

// Oracle judges stores by the log that they were filled from. What is nil is
// not looked at.
type Oracle struct {
	Log *Log

	Online  Store
	Offline Store

	// Keeper says how far the graph is durable, as a sink that keeps progress
	// does: see OpenKeeper.
	Keeper pipeline.ProgressStore

	// Committed is the source's own offset of a partition, as a consumer group
	// has it; false if there is none. It is asked for the topic's last epoch.
	Committed func(ctx context.Context, partition int32) (int64, bool, error)

	OnlineNode  string // the sink's name in the graph; default "online"
	OfflineNode string // default "offline"
}

// Check fails with a *BrokenError unless, now that all that was sent has been
// read and the graph has drained,
//
//   - each identity that was sent offline is there once, as its greatest row;
//   - each (epoch, partition, offset) is offline at most once;
//   - each key is online as its greatest row, all of it from that one row, and
//     not at all if that is a delete;
//   - for each partition and sink the counts add up to what was sent before the
//     offset that they are for, and the source's offset is not past it.
//
// Of rows that say the same, any may be the one that is kept. Any other error is
// that of a store that could not be read.
func (o Oracle) Check(ctx context.Context) error {
	o = o.defaulted()
	b := &BrokenError{}
	log := o.Log.now()
	if _, err := o.progress(ctx, b, log); err != nil {
		return err
	}
	for store, from := range o.stores() {
		rows, err := o.scan(ctx, b, store, from)
		if err != nil {
			return err
		}
		o.complete(b, log, store, rows)
	}
	return b.err()
}

func (o Oracle) defaulted() Oracle {
	if o.OnlineNode == "" {
		o.OnlineNode = "online"
	}
	if o.OfflineNode == "" {
		o.OfflineNode = "offline"
	}
	return o
}

// stores are those that are looked at.
func (o Oracle) stores() iter.Seq2[feature.Store, Store] {
	return func(yield func(feature.Store, Store) bool) {
		if o.Offline != nil && !yield(feature.Offline, o.Offline) {
			return
		}
		if o.Online != nil {
			yield(feature.Online, o.Online)
		}
	}
}

// node is the name of a store's sink in the graph.
func (o Oracle) node(store feature.Store) string {
	if store == feature.Online {
		return o.OnlineNode
	}
	return o.OfflineNode
}

// OpenKeeper opens a sink that keeps progress to ask it for that, beside or
// after the graph that writes to it. close lets go of it.
func OpenKeeper(ctx context.Context, sink pipeline.Sink, s *feature.Schema) (k pipeline.ProgressStore, close func() error, err error) {
	w, err := sink.Open(ctx, new(Lanes).SinkNode("oracle", s, nil, func(error) {}))
	if err != nil {
		return nil, nil, err
	}
	k, ok := w.(pipeline.ProgressStore)
	if !ok {
		return nil, nil, errors.Join(fmt.Errorf("%T keeps no progress", sink), w.Close())
	}
	return k, w.Close, nil
}
