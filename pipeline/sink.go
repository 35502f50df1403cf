package pipeline

import (
	"context"
	"log/slog"

	"github.com/tandemdata/tandem/pipeline/feature"
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
	// duplicates or, from another writer's time, live: both change nothing.
	Write(ctx context.Context, lane *Lane, rows *feature.Rows) error

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
// RecordError the end of a lane it is flushed after the other sinks, and its Flush then
// stores how far they got even where no row of its own is left (Progress.Ahead).
type ProgressStore interface {
	// Progress is what the store holds of a partition; false if nothing.
	Progress(ctx context.Context, topic string, partition int32) (Progress, bool, error)
}

// RowChecker is a Writer whose store can't hold every row that its schema allows.
// Such a row goes to the dead letters, and is dead for that store alone.
type RowChecker interface {
	// CheckRows finds the first row of a batch, from one on, that the store can't
	// hold, and says why; the cause is nil if it can hold all of them. Rows that
	// are not live may be found too.
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

// Progress is how far a lane is durable.
type Progress struct {
	Epoch   int32  `json:"epoch"`
	TopicID string `json:"topic_id,omitempty"` // the log's own identity, where it has one

	// Counted is where a lane opens: every sink holds all rows before it, and
	// its tally counts exactly those.
	Counted int64                   `json:"counted"`
	Sinks   map[string]SinkProgress `json:"sinks"` // by node

	// Partitions is how many the topic had when the lane opened; 0 where that is
	// not known. Under order by log another number needs a new epoch.
	Partitions int32 `json:"partitions,omitempty"`

	// Gaps are records that the log had lost before they were read, and that the
	// source was told to skip. They are stored with the next rows behind them.
	Gaps []feature.Span `json:"gaps,omitempty"`
}

// Ahead reports whether p says more than what is stored about the same rows of
// the given sink: that others have caught up with them.
func (p Progress) Ahead(stored Progress, sink string) bool {
	if p.Epoch != stored.Epoch || p.Sinks[sink].Next != stored.Sinks[sink].Next {
		return false
	}
	for name, s := range p.Sinks {
		if s.Next > stored.Sinks[name].Next {
			return true
		}
	}
	return p.Counted > stored.Counted
}

// SinkProgress is one sink's part of it.
type SinkProgress struct {
	Next  int64         `json:"next"` // all rows before it are durable; at or past Counted
	Tally feature.Tally `json:"tally"`
}

// SinkNode is what a sink may ask of the graph.
type SinkNode struct {
	Name   string
	Schema *feature.Schema
	Logger *slog.Logger

	durable func(*Lane, []feature.SpanTally)
	fail    func(error)
}

// Durable says that all rows of these spans of the lane are in the store, and
// how they fared. Spans come from feature.Rows.Tally, in order, each once.
func (n *SinkNode) Durable(lane *Lane, done []feature.SpanTally) { n.durable(lane, done) }

// Fail reports an error outside of Write and Flush. It is classified as theirs are.
func (n *SinkNode) Fail(err error) { n.fail(err) }

// NewSinkNode makes a node for a sink that is driven without a graph, as
// sinktest does.
func NewSinkNode(name string, s *feature.Schema, log *slog.Logger, durable func(*Lane, []feature.SpanTally), fail func(error)) *SinkNode {
	return &SinkNode{Name: name, Schema: s, Logger: log, durable: durable, fail: fail}
}
