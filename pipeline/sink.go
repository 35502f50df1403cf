package pipeline

import (
	"context"
	"log/slog"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/engine"
	"github.com/tandemdata/tandem/pipeline/status"
)

// Sink is the settings of a store: where rows come to rest.
type Sink interface {
	// Store says which of the two stores it is: the outcomes it reads and counts.
	Store() feature.Store

	// Check reports all that the sink can't keep of such rows. Nothing is opened.
	Check(s *feature.Schema) error

	// Open connects, makes or checks the table, and refuses one of another shape.
	Open(ctx context.Context, n *SinkNode) (Writer, error)
}

// Writer is an open sink. Write is called for several lanes at once, for one
// lane in order and never twice at a time.
type Writer interface {
	// Write takes the rows of a batch that are feature.Pending at its store, after
	// all earlier batches of the lane. It may mark rows as Superseded or Late.
	// Rows must not be kept or changed after it returns. Once rows are durable,
	// and not before, the writer says so by SinkNode.Durable, span by span and
	// in order: within Write, or later. A batch may come again after an error,
	// and rows that are in the store already may come again after a restart, as
	// duplicates or, from another writer's time, pending: both change nothing.
	Write(ctx context.Context, lane *feature.Lane, rows *feature.Rows) error

	// Flush makes all that was written durable and says so before it returns.
	Flush(ctx context.Context) error

	// Close lets go of what is not durable, ends every goroutine, and removes
	// what nobody will ask for again. It may be called while Write runs.
	Close() error
}

// ProgressStore is a Writer that stores the progress of the whole graph in the same
// commit as its rows. Its table then says where lanes open, whatever the
// source's own offsets are.
//
// At the end of a lane it is flushed after the other sinks, and its Flush then stores
// how far they got even where no row of its own is left (feature.Progress.Ahead).
type ProgressStore interface {
	// Progress is what the store holds of a partition; false if nothing.
	Progress(ctx context.Context, topic string, partition int32) (feature.Progress, bool, error)
}

// RowChecker is a Writer whose store can't hold every row that its schema allows.
// Such a row goes to the dead letters, and is dead for that store alone.
type RowChecker interface {
	// CheckRows finds the first row of a batch, from one on, that the store can't
	// hold, and says why; the cause is nil if it can hold all of them. Rows that
	// are not pending may be found too.
	CheckRows(rows *feature.Rows, from int) (i int, cause error)
}

// Evolver is a Writer whose table can get columns while it is written. A sink
// of a group with feature.Group.Evolve needs one.
//
// Such a table may also have columns that the schema lacks, from another run or
// another process: Open takes them if they can be null, and every row written
// has null there, so that no value of an older row stays behind.
type Evolver interface {
	// Evolve makes the table ready for rows of a schema, which has the columns of
	// the one before it and then new ones, all nullable. A column that the table
	// has already is fine if its type is the same, whoever made it. No Write runs
	// meanwhile, and the rows of those that follow have all the columns.
	Evolve(ctx context.Context, s *feature.Schema) error
}

// SinkNode is what a sink may ask of the graph.
type SinkNode struct {
	Name   string
	Schema *feature.Schema
	Logger *slog.Logger

	// Durable says that all rows of these spans of the lane are in the store, and
	// how they fared. Spans come from feature.Rows.Tally, in the order in which
	// they were given, each once.
	Durable func(lane *feature.Lane, done []feature.SpanTally)

	// Progress is how far the lane is durable in every sink, once the given spans
	// of this one are too: what a ProgressStore stores in the commit of their rows.
	Progress func(lane *feature.Lane, done []feature.SpanTally) feature.Progress

	// Fail reports an error outside of Write and Flush. It means what theirs do.
	Fail func(error)

	wait func(error)
	note func(status.Event)
}

// Waits says what the sink waits for, outside of Write and Flush, and tries again:
// people see it in Graph.Status. Nil says that it no longer does.
func (n *SinkNode) Waits(cause error) {
	if n.wait != nil {
		n.wait(cause)
	}
}

// Note tells of a commit or of something else that the sink did to its table as a
// whole. The graph fills in the node, and logs it at debug.
func (n *SinkNode) Note(e status.Event) {
	if n.note != nil {
		n.note(e)
	}
}

func sinkOpener(s Sink) func(context.Context, *engine.SinkNode) (engine.Writer, error) {
	return func(ctx context.Context, e *engine.SinkNode) (engine.Writer, error) {
		w, err := s.Open(ctx, &SinkNode{
			Name: e.Node.Name, Schema: e.Node.Schema, Logger: e.Logger,
			Durable: e.Durable, Progress: e.Progress, Fail: e.Fail, wait: e.Wait, note: e.Note,
		})
		if err != nil {
			return nil, err
		}
		if isNil(w) {
			return nil, errNoWriter
		}
		return w, nil
	}
}
