package pipeline

import (
	"context"
	"log/slog"
	"reflect"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/engine"
)

// Spec is a stage's settings: exported fields, of which zero means the default.
// It makes one Stage for each lane.
type Spec[In, Out any] interface {
	// Open makes the stage of one lane. It starts with fresh state.
	Open(ctx context.Context, n *Node) (Stage[In, Out], error)
}

// Stage turns the batches of one lane into others. Its calls never overlap, so
// its state needs no lock.
//
// A stage that has a method Close() is closed once its lane has left.
type Stage[In, Out any] interface {
	// Process takes the next batch of the lane and emits what follows from it,
	// before it returns.
	//
	// What it emits stands for what it was given, span for span and record for
	// record: a row that it drops stays in its batch, with its outcome. Columns
	// are shared with other branches; feature.Rows.Edit gives a batch with some
	// of its own.
	//
	// An error made by Transient has the same batch come again, so Process
	// changes state only once nothing can fail any more; an error made by Restart
	// drops all lanes and reopens them where the stores are; any other error
	// stops the graph. A batch may come again for other reasons too: the answer
	// must be the same.
	Process(ctx context.Context, in In, emit func(Out)) error
}

// Flusher is a stage that may keep rows between calls. A stage that isn't one
// must emit all that it is given, or the graph stops.
type Flusher[Out any] interface {
	// Flush is called for the reason given, and at FlushEnd emits all that is kept.
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
	// Describe gives the schema of the rows emitted, for those received, or all
	// that is wrong with the settings. In is nil where records are received, and
	// where a stage before this one is at fault.
	// A spec without it passes the schema on.
	Describe(in *feature.Schema) (*feature.Schema, error)
}

// Replayer is a spec whose stage loads its state from rows before a lane's start.
type Replayer interface {
	// Replay is how many records before its start a lane reads for this stage.
	// They come first, with the outcome feature.Replayed.
	Replay() int
}

// Rejecter is a spec that can be set to reject rows by policy. Such a policy
// without a dead-letter path is a wiring fault.
type Rejecter interface{ Rejects() bool }

// Receipt says that one sink has made rows of a lane durable, and how far the
// lane is durable in every sink. It is what a join is given.
type Receipt struct {
	Sink    string
	Spans   []feature.SpanTally
	Durable int64 // every sink holds all rows before it; it is for Node.Commit
}

// Nothing is what comes out of a node at the end of the graph.
type Nothing struct{}

// Node is what the stage of one lane may ask of the graph.
type Node struct {
	Name   string
	Lane   *feature.Lane
	Schema *feature.Schema // of the rows emitted, or received where none are
	Logger *slog.Logger

	// Reject sends a record to the dead letters with the kind of its error, one
	// word or a few with hyphens, and returns once that is acknowledged. The
	// caller then gives the row the outcome feature.Dead. Without a dead-letter
	// path it returns an error that stops the graph. Replayed rows must not be
	// rejected again.
	Reject func(ctx context.Context, rec feature.Record, kind string, cause error) error

	// Idle reports whether the next node has nothing to do for this lane. A
	// Flusher that keeps rows while it is false is flushed with FlushIdle when it
	// turns true.
	Idle func() bool

	// WakeAfter has a Flusher flushed with FlushTimer. A later call replaces an
	// earlier one.
	WakeAfter func(time.Duration)

	// Commit commits at the lane's source: every sink holds all rows before an
	// offset. It is for a join; elsewhere it does nothing.
	Commit func(next int64)

	// Slot gives what all lanes of the node share under a key: see Shared.
	Slot func(key any, make func() any) any
}

// Shared is what all lanes of a node share, one value a type: made by the first
// to ask, and gone when the graph reopens its lanes. Lanes run side by side, so
// it needs a lock of its own.
func Shared[T any](n *Node, make func() *T) *T {
	return n.Slot(reflect.TypeFor[T](), func() any { return make() }).(*T)
}

// opener makes the engine's untyped stages of a spec.
func opener[In, Out any](s Spec[In, Out]) func(context.Context, *engine.StageNode) (engine.Runner, error) {
	return func(ctx context.Context, e *engine.StageNode) (engine.Runner, error) {
		stage, err := s.Open(ctx, newNode(e))
		if err != nil {
			return nil, err
		}
		if isNil(stage) {
			return nil, errNoStage
		}
		flusher, _ := stage.(Flusher[Out])
		return typed[In, Out]{stage, flusher}, nil
	}
}

func newNode(e *engine.StageNode) *Node {
	return &Node{
		Name: e.Node.Name, Lane: e.Lane, Schema: e.Node.Schema, Logger: e.Logger,
		Reject: e.Reject, Idle: e.Idle, WakeAfter: e.WakeAfter, Commit: e.Commit, Slot: e.Shared,
	}
}

// typed is a stage as the engine knows it. The types of a flow are those of the
// nodes that it joins, so a batch is always of the right one.
type typed[In, Out any] struct {
	stage   Stage[In, Out]
	flusher Flusher[Out]
}

// Keeps reports whether the stage may keep rows between calls.
func (t typed[In, Out]) Keeps() bool { return t.flusher != nil }

// Process hands a batch to the stage.
func (t typed[In, Out]) Process(ctx context.Context, batch any, emit func(any)) error {
	if r, ok := batch.(engine.Receipt); ok {
		batch = Receipt(r)
	}
	return t.stage.Process(ctx, batch.(In), func(out Out) { emit(out) })
}

// Flush asks the stage for what it keeps.
func (t typed[In, Out]) Flush(ctx context.Context, why engine.Reason, emit func(any)) error {
	if t.flusher == nil {
		return nil
	}
	return t.flusher.Flush(ctx, flushReasons[why], func(out Out) { emit(out) })
}

var flushReasons = [...]FlushReason{engine.LaneEnds: FlushEnd, engine.NextIdle: FlushIdle, engine.TimerFired: FlushTimer}

// Close lets the stage clean up, if it wants to.
func (t typed[In, Out]) Close() {
	if c, ok := t.stage.(interface{ Close() }); ok {
		c.Close()
	}
}
