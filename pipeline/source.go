package pipeline

import (
	"context"
	"log/slog"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/engine"
)

// Source is the settings of a log: where records come from.
type Source interface {
	// Check reports all that is wrong with the settings. Nothing is opened.
	Check() error

	// Run reads until ctx ends or, where the source is bounded, until its end. It
	// opens a feed for the lane of each partition that it is given, pushes what it
	// reads, and never waits for one lane while another has room.
	//
	// Before it returns nil it has ended each feed, waited for Done, and stored
	// the last Commit. A partition lost without notice is an error made by
	// Restart. One made by Transient has it run again later, with the graph's
	// lanes reopened, but for a graph's very first start, where it ends Run.
	Run(ctx context.Context, n *SourceNode) error
}

// SourceNode is what a source may ask of the graph.
type SourceNode struct {
	Name   string
	Logger *slog.Logger

	// KeysStay says that rows of a key must stay in one partition, for a store's
	// order or a stage rests on that (feature.Group.Keys): a topic whose partitions
	// change needs a new epoch then.
	KeysStay bool

	// Replay is how many records before its start a lane should read, as far as
	// the log has them.
	Replay int

	// Progress is what the stores hold of a partition; false if none of them
	// keeps progress or none knows the partition: then where to start is the
	// source's own to say. It is asked before the partition's lane is opened.
	Progress func(ctx context.Context, topic string, partition int32) (feature.Progress, bool, error)

	// Open opens the feed of a lane. A partition has one at a time, and starts no
	// later than where the stores are, gaps aside: anything else is an error.
	Open func(LaneConfig) (*Feed, error)

	// End says that nothing comes after what was pushed to these feeds: the end
	// travels through the graph after the last batch, and Done follows. Feeds that
	// end together should be given together, so that sinks flush once for all.
	End func(...*Feed)

	wait func(error)
}

// Waits says what the source waits for and tries again, as brokers that can't be
// reached: people see it in Graph.Status. Nil says that it no longer does.
func (n *SourceNode) Waits(cause error) {
	if n.wait != nil {
		n.wait(cause)
	}
}

// LogEnd says where the log ends now, so that people see how many records a lane
// is behind. A source that doesn't know never calls it.
func (f *Feed) LogEnd(offset int64) {
	if f.inner != nil {
		f.inner.LogEnd(offset)
	}
}

// LaneConfig says what a lane is and how to reach its source.
type LaneConfig struct {
	feature.Lane // Resumed as Progress gave it, with the gap that is skipped now; zero if it didn't

	// Commit is called when the lane is durable in all sinks up to an offset, which
	// is the next to read. It must not block.
	Commit func(next int64) // default: nothing is called

	// Ready is called when a lane that was full may have room again: the source
	// asks Feed.Full, and goes on or waits for the next call. It must not block.
	Ready func() // default: nothing is called
}

// Feed is how a source hands the records of a lane to the graph.
type Feed struct {
	*feature.Lane

	// Push hands over what was read next: records, in order, and the span that
	// they stand for, which begins where the last one ended and is replayed as a
	// whole or not at all. It never blocks. Once it has reported full, the source
	// should pause the partition until the feed is no longer Full. Nobody changes
	// the records after that: batches share them.
	Push func(list []feature.Record, span feature.Span) (full bool)

	// Full reports whether the source should read no more of the lane for now.
	// Ready is called after it has turned false, so a source that pauses a
	// partition and then asks Full misses nothing.
	Full func() bool

	// Done is closed once all that was pushed is durable in every sink and
	// committed, after End; or once the graph has given the lane up.
	Done <-chan struct{}

	inner *engine.Feed // nil where a test made it
}

func newSourceNode(e *engine.SourceNode) *SourceNode {
	return &SourceNode{
		wait: e.Wait,
		Name: e.Node.Name, Logger: e.Logger, KeysStay: e.KeysStay, Replay: e.Replay, Progress: e.Progress,
		Open: func(c LaneConfig) (*Feed, error) {
			inner, err := e.Open(engine.LaneConfig(c))
			if err != nil {
				return nil, err
			}
			return &Feed{Lane: inner.Lane, Push: inner.Push, Full: inner.Full, Done: inner.Done(), inner: inner}, nil
		},
		End: func(feeds ...*Feed) {
			var inner []*engine.Feed
			for _, f := range feeds {
				if f != nil && f.inner != nil {
					inner = append(inner, f.inner)
				}
			}
			e.End(inner...)
		},
	}
}
