// Package engine runs a graph of nodes that know nothing of their types: package
// pipeline is the typed skin over it.
//
// A row's way through it, from top to bottom:
//
//	source.go    a source asks where the stores are
//	lane.go      and opens a lane there
//	feed.go      it pushes records to the lane's feed; the intake bounds what is in flight
//	router.go    each node but the sources is one handler of a Watermill router
//	handler.go   a message is numbered, and answered once
//	answer.go    its batch is forked where branches share it, and given to the stage
//	balance.go   what a stage emits is held against what it was given
//	flush.go     stages that keep rows are asked for them
//	sinknode.go  a sink writes and reports what is durable
//	evolve.go    its table first gets the columns that the batch has
//	sinkend.go   it is flushed at the end of lanes
//
// The way back is one mechanism each: durability is counted in the frontier as
// soon as a sink reports it, and a receipt then goes to the join; when the intake
// has room again, it calls what the source gave as Ready; the end of a lane travels
// with its batches.
package engine

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/ledger"
	"github.com/tandemdata/tandem/pipeline/status"
)

// Kind is what a node is.
type Kind string

// The kinds.
const (
	Source Kind = "source"
	Stage  Kind = "stage"
	Sink   Kind = "sink"
	Join   Kind = "join"
)

// Graph is what is run: nodes, each of which comes after its inputs.
type Graph struct {
	Name   string
	Nodes  []*Node
	Logger *slog.Logger
	Memory int64         // bounds records between intake and sinks, in bytes
	Drain  time.Duration // how long a run may take to finish once its context has ended
	Verify bool          // whether nodes leave the columns of their batches alone
	Ledger *ledger.Ledger
	Board  *Board

	Middleware []message.HandlerMiddleware
	Router     []func(*message.Router) error // called before the router runs

	// Reject sends a record to the dead letters.
	Reject func(ctx context.Context, node string, p feature.TopicPartition, rec feature.Record, kind string, cause error) error

	// Locate adds a node and a place to an error, each once.
	Locate func(node, place string, err error) error
}

// Node is one node of a graph.
type Node struct {
	Name            string
	Kind            Kind
	Inputs, Outputs []*Node
	Schema          *feature.Schema // of the rows emitted; nil before they are decoded

	RunSource func(ctx context.Context, n *SourceNode) error          // a source's
	Replay    int                                                     // records before a lane's start that a stage asks for
	OpenStage func(ctx context.Context, n *StageNode) (Runner, error) // a stage's or a join's
	Store     feature.Store                                           // a sink's
	CheckSink func(s *feature.Schema) error                           // a sink's
	OpenSink  func(ctx context.Context, n *SinkNode) (Writer, error)  // a sink's

	Stats Stats
}

// Stats counts what a node does. They may be read at any time.
type Stats struct {
	Batches, Rows, Busy, Blocked    atomic.Int64
	QueueSum, QueueTimes, QueueMost atomic.Int64 // of batches that waited when one was taken
	Retries, Races                  atomic.Int64
	Fresh, Transit, Commits         status.Timer // see status.Node
}

// Reset counts from zero.
func (s *Stats) Reset() {
	for _, c := range []*atomic.Int64{&s.Batches, &s.Rows, &s.Busy, &s.Blocked, &s.QueueSum, &s.QueueTimes, &s.QueueMost, &s.Retries, &s.Races} {
		c.Store(0)
	}
	for _, t := range []*status.Timer{&s.Fresh, &s.Transit, &s.Commits} {
		t.Reset()
	}
}

// waited notes how many batches of a lane waited after the one that was taken.
func (s *Stats) waited(batches int) {
	depth := int64(batches)
	s.QueueTimes.Add(1)
	s.QueueSum.Add(depth)
	for most := s.QueueMost.Load(); depth > most && !s.QueueMost.CompareAndSwap(most, depth); most = s.QueueMost.Load() {
	}
}

// Reason is why a stage is flushed.
type Reason uint8

// The reasons.
const (
	LaneEnds Reason = iota
	NextIdle
	TimerFired
)

// Runner is the stage of one lane, without its types.
type Runner interface {
	Process(ctx context.Context, batch any, emit func(any)) error
	Flush(ctx context.Context, why Reason, emit func(any)) error
	Keeps() bool // rows between calls
	Close()      // after the lane has left
}

// StageNode is what the stage of one lane may ask of the graph.
type StageNode struct {
	Node      *Node
	Lane      *feature.Lane
	Logger    *slog.Logger
	Reject    func(ctx context.Context, rec feature.Record, kind string, cause error) error
	Idle      func() bool
	WakeAfter func(time.Duration)
	Shared    func(key any, make func() any) any
	Commit    func(next int64) // a join's
}

// Writer is an open sink.
type Writer interface {
	Write(ctx context.Context, lane *feature.Lane, rows *feature.Rows) error
	Flush(ctx context.Context) error
	Close() error
}

// progressStore, rowChecker and evolver are what a Writer may be besides.
type (
	progressStore interface {
		Progress(ctx context.Context, topic string, partition int32) (feature.Progress, bool, error)
	}
	rowChecker interface {
		CheckRows(rows *feature.Rows, from int) (i int, cause error)
	}
	evolver interface {
		Evolve(ctx context.Context, s *feature.Schema) error
	}
)

// SinkNode is what a sink may ask of the graph.
type SinkNode struct {
	Node     *Node
	Logger   *slog.Logger
	Durable  func(*feature.Lane, []feature.SpanTally)
	Progress func(*feature.Lane, []feature.SpanTally) feature.Progress
	Fail     func(error)
	Wait     func(error)
	Note     func(status.Event)
}

// SourceNode is what a source may ask of the graph.
type SourceNode struct {
	Node     *Node
	Logger   *slog.Logger
	KeysStay bool // rows of a key must stay in one partition
	Replay   int  // what the neediest stage asks for
	Progress func(ctx context.Context, topic string, partition int32) (feature.Progress, bool, error)
	Open     func(LaneConfig) (*Feed, error)
	End      func(...*Feed)
	Wait     func(error)
}

// LaneConfig is a lane and how to reach its source.
type LaneConfig struct {
	feature.Lane
	Commit func(next int64)
	Ready  func()
}

// Receipt says that a sink has made rows of a lane durable, and how far all of
// them are.
type Receipt struct {
	Sink    string
	Spans   []feature.SpanTally
	Durable int64 // every sink holds all rows before it
}

// topic is where a node publishes: under its own name, or where a join gathers.
func (n *Node) topic() string {
	if len(n.Outputs) == 1 && n.Outputs[0].Kind == Join {
		return n.Outputs[0].Name + ".receipts"
	}
	return n.Name + ".out"
}

// in is the topic that a node consumes.
func (n *Node) in() string { return n.Inputs[0].topic() }

// Root is the source that a node's rows come from.
func (n *Node) Root() *Node {
	for len(n.Inputs) > 0 {
		n = n.Inputs[0]
	}
	return n
}

// SinksOf lists the sinks that a source's rows go to.
func (g *Graph) SinksOf(source *Node) []*Node {
	var sinks []*Node
	for _, n := range g.Nodes {
		if n.Kind == Sink && n.Root() == source {
			sinks = append(sinks, n)
		}
	}
	return sinks
}
