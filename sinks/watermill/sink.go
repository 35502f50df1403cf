// Package watermill publishes rows to any Watermill publisher, as changes: one
// message a row, in the order of its partition. A row is durable, for the graph,
// once Publish has returned without an error.
//
// That is at least once: a batch of which some messages were published when the
// publisher failed, or the process, is published again. A row's place in its log
// is in the message's metadata, so that a consumer can tell which it has seen,
// and Order says which of two rows of a key is the newer.
//
// A publisher isn't a store: it doesn't say what it holds, and no row replaces an
// earlier one in it. Beside a sink that keeps progress the graph goes on from
// there; alone, from the source's own offsets.
package watermill

import (
	"context"
	"errors"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Sink is the settings. The rows that it publishes are those that are pending
// at its store: those that a stage has dropped there are counted and left out.
type Sink struct {
	Publisher message.Publisher // required; must return only once the messages are safe; stays its maker's to close
	Topic     string            // required
	For       feature.Store     // default feature.Online: the rows that would be served

	// Marshal makes the message of a row. It may be called more than once for a
	// row, and for several lanes at once. A row for which it fails is a dead
	// letter of this sink. Default JSON.
	Marshal func(feature.Row) (*message.Message, error)
}

var (
	_ pipeline.Sink       = Sink{}
	_ pipeline.RowChecker = (*writer)(nil)
	_ pipeline.Evolver    = (*writer)(nil)
)

// Store is For.
func (s Sink) Store() feature.Store { return s.For }

// Check reports what is missing. Rows of any schema can be published.
func (s Sink) Check(*feature.Schema) error {
	var errs []error
	if s.Publisher == nil {
		errs = append(errs, errors.New("no Publisher"))
	}
	if s.Topic == "" {
		errs = append(errs, errors.New("no Topic"))
	}
	if s.For > feature.Offline {
		errs = append(errs, fmt.Errorf("store %d: want feature.Online or feature.Offline", s.For))
	}
	return errors.Join(errs...)
}

// Open has nothing to connect: the publisher is open.
func (s Sink) Open(_ context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	return &writer{Sink: s, node: n}, nil
}

type writer struct {
	Sink
	node *pipeline.SinkNode
}

// CheckRows finds a row that no message can be made of.
func (w *writer) CheckRows(rows *feature.Rows, from int) (int, error) {
	if w.Marshal == nil {
		return 0, nil // JSON takes every row
	}
	for i := from; i < rows.Len(); i++ {
		if rows.Outcomes[w.For][i] != feature.Pending {
			continue
		}
		if m, err := w.Marshal(rows.Row(i)); err != nil || m == nil {
			return i, fmt.Errorf("marshal: %w", orNil(err))
		}
	}
	return 0, nil
}

var errNoMessage = errors.New("no message and no error")

func orNil(err error) error {
	if err == nil {
		return errNoMessage
	}
	return err
}

// Write publishes a batch in one call, in order. A publisher's failure passes by
// itself: the batch comes again.
func (w *writer) Write(ctx context.Context, lane *feature.Lane, rows *feature.Rows) error {
	marshal := w.Marshal
	if marshal == nil {
		marshal = JSON
	}
	var list []*message.Message
	for i := range rows.Len() {
		if rows.Outcomes[w.For][i] != feature.Pending {
			continue
		}
		m, err := marshal(rows.Row(i))
		if err != nil || m == nil {
			return &pipeline.RecordError{TopicPartition: rows.TopicPartition, Offset: rows.Records[i].Offset, Err: fmt.Errorf("marshal: %w", orNil(err))}
		}
		m.SetContext(ctx)
		list = append(list, m)
	}
	if len(list) > 0 {
		if err := w.Publisher.Publish(w.Topic, list...); err != nil {
			return pipeline.Transient(fmt.Errorf("publish to %q: %w", w.Topic, err))
		}
	}
	w.node.Durable(lane, rows.Tally(w.For))
	return nil
}

// Flush has nothing to do: what was written is published.
func (w *writer) Flush(context.Context) error { return nil }

// Close leaves the publisher open.
func (w *writer) Close() error { return nil }

// Evolve takes any columns.
func (w *writer) Evolve(context.Context, *feature.Schema) error { return nil }
