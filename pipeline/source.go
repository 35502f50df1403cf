package pipeline

import (
	"context"
	"log/slog"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Source is the settings of a log: where records come from.
type Source interface {
	// Check reports all that is wrong with the settings. Nothing is opened.
	Check() error

	// Run reads until ctx ends or, where it is bounded, until its end. It opens a
	// lane for each partition it is given, pushes what it reads, and never waits
	// for one lane while another has room. Before it returns nil it has ended
	// each lane, waited for Done, and stored the last Commit. A partition lost
	// without notice is an error made by Restart. One made by Transient has it
	// run again later, with the graph's lanes reopened, but for a graph's very
	// first start, where it ends Run.
	Run(ctx context.Context, in *SourceNode) error
}

// SourceNode is what a source may ask of the graph.
type SourceNode struct {
	Name   string
	Logger *slog.Logger

	// ByLog says that rows are ordered by log: then a key must stay in its
	// partition, and a topic whose partitions change needs a new epoch.
	ByLog bool

	progress func(ctx context.Context, topic string, partition int32) (Progress, bool, error)
	open     func(LaneConfig) *Lane
	warm     int
}

// Progress is what the sinks hold of a partition; false if none of them keeps
// progress or none knows the partition: then it is the source's own to say
// where to start.
func (in *SourceNode) Progress(ctx context.Context, topic string, partition int32) (Progress, bool, error) {
	return in.progress(ctx, topic, partition)
}

// Warm is how many records before its start a lane should read.
func (in *SourceNode) Replay() int { return in.warm }

// Open opens a lane. A partition has one at a time.
func (in *SourceNode) Open(c LaneConfig) *Lane { return in.open(c) }

// NewIntake makes an intake for a source that is driven without a graph, as
// sourcetest does.
func NewIntake(name string, log *slog.Logger, warm int,
	progress func(ctx context.Context, topic string, partition int32) (Progress, bool, error), open func(LaneConfig) *Lane,
) *SourceNode {
	return &SourceNode{Name: name, Logger: log, warm: warm, progress: progress, open: open}
}

// LaneConfig says what a lane is, where it starts, and how to reach its source.
type LaneConfig struct {
	feature.TopicPartition
	TopicID    string
	Partitions int32    // of the topic; 0 where that is not known
	Start      int64    // the first offset that is not warm
	Resumed    Progress // as SourceNode.Progress gave it, with the gap that the source skips now; zero if it didn't

	// Commit is told how far the lane is durable in all sinks. It must not block.
	Commit func(next int64)

	// Ready is told when a lane that was full has room again. It must not block.
	Ready func()
}
