package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Node is what the stage of one lane may ask of the graph.
type Node struct {
	Name   string
	Lane   *Lane
	Schema *feature.Schema // of the rows emitted, or received where none are
	Logger *slog.Logger

	reject func(ctx context.Context, p feature.TopicPartition, rec feature.Record, kind string, cause error) error
	idle   func() bool
	wake   func(time.Duration)
	shared func(func() any) any
}

// Reject sends a record to the dead letters with the kind of its error, one
// word or a few with hyphens, and returns once that is acknowledged. The caller
// then gives the row the outcome feature.Dead. Without a dead-letter path it
// returns an error that stops the graph. Warm rows must not be rejected again.
func (n *Node) Reject(ctx context.Context, p feature.TopicPartition, rec feature.Record, kind string, cause error) error {
	return n.reject(ctx, p, rec, kind, cause)
}

// Idle reports whether the next node has nothing to do for this lane. A Flusher
// that keeps rows while it is false is flushed with Idle when it turns true.
func (n *Node) Idle() bool { return n.idle() }

// Shared is what all lanes of the node share: made by the first to ask, and
// gone with the session. Lanes run side by side, so it needs a lock of its own.
func (n *Node) Shared(make func() any) any { return n.shared(make) }

// WakeAfter has a Flusher flushed with Timer. A later call replaces an earlier one.
func (n *Node) WakeAfter(d time.Duration) { n.wake(d) }

// NewNode makes a node for a stage that is driven without a graph, as a
// benchmark of it does. Its next node is always idle, it wakes nobody, and
// records are rejected by the given function, or refused if that is nil.
func NewNode(name string, l *Lane, s *feature.Schema, log *slog.Logger, reject func(rec feature.Record, kind string, cause error) error) *Node {
	return &Node{
		Name: name, Lane: l, Schema: s, Logger: log,
		reject: func(_ context.Context, p feature.TopicPartition, rec feature.Record, kind string, cause error) error {
			if reject == nil {
				return &RecordError{p, rec.Offset, cause}
			}
			return reject(rec, kind, cause)
		},
		idle:   func() bool { return true },
		wake:   func(time.Duration) {},
		shared: func(make func() any) any { return make() },
	}
}
