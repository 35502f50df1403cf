package pipeline

import (
	"context"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Spec is a stage's settings: exported fields, of which zero means the default.
// It makes one Stage for each lane.
type Spec[In, Out any] interface {
	// Open makes the stage of one lane. It starts with fresh state.
	Open(ctx context.Context, n *Node) (Stage[In, Out], error)
}

// Stage turns the batches of one lane into others. Its calls never overlap, so
// its state needs no lock.
type Stage[In, Out any] interface {
	// Process takes the next batch of the lane and emits what follows from it.
	// Whatever it emits or holds must span what it was given. An error made by
	// Transient has the same batch come again, so Process changes state only
	// once nothing can fail any more; an error made by Restart drops all lanes
	// and reopens them where the stores are; any other error stops the graph.
	Process(ctx context.Context, in In, emit func(Out)) error
}

// Flusher is a stage that may keep rows between calls. A stage that isn't one
// must emit all that it is given, or the graph stops.
type Flusher[Out any] interface {
	// Flush is called for the reason given, and at FlushEnd emits all that is held.
	Flush(ctx context.Context, why FlushReason, emit func(Out)) error
}

// FlushReason is why a Flusher is asked to flush.
type FlushReason uint8

// The reasons.
const (
	FlushEnd   FlushReason = iota // the lane ends: nothing comes after
	FlushIdle                     // the next node has nothing left to do
	FlushTimer                    // the time asked for by Node.WakeAfter is over
)

// Describer is a spec that knows the rows that it emits before the first one.
type Describer interface {
	// Describe gives the schema of the rows emitted, for those received (nil
	// where records are received), or all that is wrong with the settings.
	// A spec without it passes the schema on.
	Describe(in *feature.Schema) (*feature.Schema, error)
}

// Replayer is a spec whose stage fills its state from rows before a lane's start.
type Replayer interface {
	// Warm is how many records before its start a lane reads for this stage.
	Replay() int
}

// Rejecter is a spec that can be set to reject rows by policy. Such a policy
// without a dead-letter path is a wiring fault.
type Rejecter interface{ Rejects() bool }

// Records is what a source hands over: a stretch of one log.
type Records struct {
	feature.TopicPartition
	Span feature.Span
	List []feature.Record

	warm int64 // records before this offset are warm
}

// ReplayedBefore is the offset before which records only fill state.
func (r Records) ReplayedBefore() int64 { return r.warm }

// Receipt says that one sink has made rows of a lane durable.
type Receipt struct {
	Sink  string
	Spans []feature.SpanTally
}

// Nothing is what comes out of a node at the end of the graph.
type Nothing struct{}
