package pipeline

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Ledger says what became of every row since Run began. A row is counted once
// it is durable, or accounted for, in every sink; for each sink, read is the sum
// of its six outcomes.
type Ledger struct {
	Read  int64                    `json:"read"`
	Sinks map[string]feature.Tally `json:"sinks"`
}

// Ledger is the count so far. It may be asked for while the graph runs.
func (g *Graph) Ledger() Ledger { return g.ledger.now() }

// ledger counts by partition. A session that is dropped leaves counts behind
// that may be more or less than what the stores came to hold; the next one takes
// up their running counts, so the run's own are always the difference between
// two of those.
type ledger struct {
	mu    sync.Mutex
	sum   map[string]feature.Tally // of lanes that have left, by sink
	lanes map[log]*account
}

// log is one that a source reads: two of them may have topics of one name.
type log struct {
	source *node
	feature.TopicPartition
}

// account is a lane's running counts when the run first opened it, and now.
type account struct{ begin, now map[string]feature.Tally }

// begin counts from zero, and has every sink appear before its first row.
func (l *ledger) begin(sinks []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sum, l.lanes = map[string]feature.Tally{}, map[log]*account{}
	for _, sink := range sinks {
		l.sum[sink] = feature.Tally{}
	}
}

// open takes a lane up, with the running counts that the stores hold of it. Where
// no store keeps any, those of a dropped session stand.
func (l *ledger) open(p log, kept bool, held Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[string]feature.Tally{}
	for sink, s := range held.Sinks {
		counts[sink] = s.Tally
	}
	a := l.lanes[p]
	switch {
	case a == nil:
		l.lanes[p] = &account{counts, maps.Clone(counts)}
	case kept:
		a.now = counts
	}
}

// count adds a span of a lane.
func (l *ledger) count(p log, sink string, t feature.Tally) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.lanes[p]
	sum := a.now[sink]
	sum.Add(t)
	a.now[sink] = sum
}

// close settles a lane that has left in good order.
func (l *ledger) close(p log) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lanes[p].settle(l.sum)
	delete(l.lanes, p)
}

func (a *account) settle(sum map[string]feature.Tally) {
	for sink := range sum {
		t := sum[sink]
		t.Add(a.now[sink])
		t.Sub(a.begin[sink])
		sum[sink] = t
	}
}

func (l *ledger) now() Ledger {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := Ledger{Sinks: maps.Clone(l.sum)}
	for _, a := range l.lanes {
		a.settle(out.Sinks)
	}
	for _, t := range out.Sinks {
		out.Read = max(out.Read, t.Read)
	}
	return out
}

// NodeStats is what one node has done since Run began.
type NodeStats struct {
	Node    string
	Source  bool          // it takes from outside of the graph
	Batches int64         // taken
	Rows    int64         // in them, whatever their outcome; records at the first stage
	Busy    time.Duration // inside the node, all lanes together
	Blocked time.Duration // handing batches on while the next node's queue was full, all lanes together
}

// Stats lists the nodes in wiring order. It may be asked for while the graph
// runs. A source's rows are those that it pushed.
func (g *Graph) Stats() []NodeStats {
	out := make([]NodeStats, len(g.nodes))
	for i, n := range g.nodes {
		out[i] = NodeStats{n.name, n.kind == aSource, n.stats.batches.Load(), n.stats.rows.Load(), time.Duration(n.stats.busy.Load()), time.Duration(n.stats.blocked.Load())}
	}
	return out
}

type counters struct{ batches, rows, busy, blocked atomic.Int64 }

func (c *counters) reset() {
	c.batches.Store(0)
	c.rows.Store(0)
	c.busy.Store(0)
	c.blocked.Store(0)
}
