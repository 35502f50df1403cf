package main

import (
	"context"
	"errors"
	"maps"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var errClosed = errors.New("the sink is closed")

// writer is the sink while a graph runs. Write is called for several lanes at once.
type writer struct {
	sink   *Sink
	node   *pipeline.SinkNode
	file   string
	taken  map[*feature.Lane]int64 // what is before it was written; guarded by sink.mu, as closed is
	closed bool
}

// Write makes the rows of a batch durable and then, not before, says so.
func (w *writer) Write(_ context.Context, lane *feature.Lane, rows *feature.Rows) error {
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	if w.closed {
		return errClosed
	}
	if rows.Span().To <= w.taken[lane] {
		return nil // the batch came again after it had been reported
	}
	// The table is changed as a whole or not at all: after an error the same batch comes again.
	old := w.sink.tables[w.file]
	next := &Table{Shape: old.Shape, Rows: maps.Clone(old.Rows)}
	replaced := next.put(rows)
	if err := next.save(w.file); err != nil {
		return pipeline.Transient(err) // a full disk may pass: the graph tries again
	}
	w.sink.set(w.file, next)
	w.taken[lane] = rows.Span().To

	done := rows.Tally(feature.Online)
	for i := range done {
		done[i].Replaced = replaced[i]
	}
	w.node.Durable(lane, done)
	return nil
}

// Flush has nothing to do: all that was written is durable.
func (w *writer) Flush(context.Context) error { return nil }

// Close may be called while Write runs.
func (w *writer) Close() error {
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	w.closed = true
	return nil
}
