// Package status is what can be seen of a graph from outside while it runs: where
// each node, lane and store is, what they wait for, and what became of rows. It
// has types and judgements only; pipeline.Graph.Status fills them.
package status

import (
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Phase is what a graph is doing.
type Phase string

// The phases.
const (
	Idle      Phase = "idle"      // Run wasn't called yet
	Opening   Phase = "opening"   // it opens its sinks
	Running   Phase = "running"   // rows flow, or may
	Draining  Phase = "draining"  // Run's context has ended: what was read is made durable
	Reopening Phase = "reopening" // an error dropped all lanes, which open again after a pause
	Ended     Phase = "ended"     // Run returned nil
	Failed    Phase = "failed"    // Run returned an error
)

// Phases lists all, in the order in which a run goes through them.
func Phases() []Phase { return []Phase{Idle, Opening, Running, Draining, Reopening, Ended, Failed} }

// Graph is the state of a graph at one moment. Counts are since Run began.
type Graph struct {
	Name  string
	At    time.Time // the moment
	Phase Phase
	Began time.Time // of the run; zero before the first
	Since time.Time // of the phase
	Error string    // why it failed, or reopens

	Restarts    int64  // how often all lanes were dropped and reopened
	LastRestart string // why, the last time

	Memory, MemoryBudget int64 // bytes that are in flight, and may be

	Nodes       []Node // in wiring order
	Lanes       []Lane // open ones, by topic and partition
	DeadLetters []DeadLetters
	Letters     []Letter // the newest dead letters, the newest last
	Events      []Event  // the newest commits and rewrites of tables, the newest last
}

// Node is one node.
type Node struct {
	Name    string
	Kind    string   // source, stage, sink or join
	Store   string   // a sink's: online or offline
	Outputs []string // the nodes after it

	Batches, Rows int64         // taken; a source's were pushed
	Busy          time.Duration // inside the node, all lanes together
	Blocked       time.Duration // handing batches on while the next node's queue was full, all lanes together
	QueueSum      int64         // batches that waited when one was taken, added up
	QueueTimes    int64         // how often one was taken
	Retries       int64         // batches that came again after an error

	Trouble *Trouble // what it waits for; nil if nothing

	Tally   feature.Tally // a sink's ledger
	Fresh   Histogram     // a sink's: from a record's timestamp until it is durable
	Transit Histogram     // a sink's: from when a source pushed it until it is durable
	Commits Histogram     // a sink's: how long its commits took
	Races   int64         // commits that were made anew because another writer was faster
}

// Trouble is something that a node waits for: what keeps failing, and is tried again.
type Trouble struct {
	Since time.Time
	Lanes int // that wait; 0 where the node as a whole does
	Cause string
}

// Lane is an open lane.
type Lane struct {
	Topic     string
	Partition int32
	Start     int64 // where it opened
	Read      int64 // the offset after what was pushed
	End       int64 // of the log, as far as the source said; -1 if it didn't
	Durable   int64 // every sink holds the rows before it
	Sinks     []LaneSink
}

// LaneSink is how far one sink holds a lane.
type LaneSink struct {
	Sink string
	Next int64 // all rows before it are durable

	// Of the oldest record that isn't durable here, where there is one: how long
	// ago it was made, by its timestamp, and pushed. Still is how long nothing of
	// the lane has become durable here while something waited.
	Behind, Waiting, Still time.Duration
}

// DeadLetters counts those of one node and kind.
type DeadLetters struct {
	Node, Kind string
	Count      int64
}

// Letter is a dead letter. Cause and Key may hold what a person wrote in a row.
type Letter struct {
	At         time.Time
	Node, Kind string
	Topic      string
	Partition  int32
	Offset     int64
	Cause, Key string // as far as the first 200 bytes
}

// The kinds of an Event.
const (
	Commit     = "commit"
	Compaction = "compaction"
)

// Event is something that a sink did to its table as a whole.
type Event struct {
	Node  string
	Kind  string // Commit or Compaction
	Began time.Time
	Took  time.Duration
	Rows  int64 // a commit's: that it added
	Files int   // that it added
	Bytes int64 // of them
	Races int   // how often it was made anew because another writer was faster
}

// Lag is how far the graph is behind: records that were not pushed yet or aren't
// durable in every sink, and the age of the oldest of those that were pushed.
// Records between pushed ones and the log's end are known only where the source
// says where that is.
func (g Graph) Lag() (records int64, behind time.Duration) {
	for _, l := range g.Lanes {
		records += l.Lag()
		for _, s := range l.Sinks {
			behind = max(behind, s.Behind)
		}
	}
	return records, behind
}

// Lag is the offsets from what every sink holds to the log's end.
func (l Lane) Lag() int64 { return max(l.Read, l.End) - l.Durable }
