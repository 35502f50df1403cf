// Package measure runs a graph and says what each of its nodes has cost, and
// which one the others wait for.
package measure

import (
	"context"
	"runtime/metrics"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/internal/engine"
)

// Report is what a run has cost.
type Report struct {
	Took  time.Duration        // the run
	Rows  int64                // durable, or accounted for, in every sink
	Nodes []pipeline.NodeStats // in wiring order

	// Allocs and Bytes are what the whole process allocated meanwhile: goroutines
	// of sources and sinks and all that runs beside the graph included.
	Allocs, Bytes int64
}

// Run is Graph.Run, and tells what it has cost. While it lasts, CPU and goroutine
// profiles bear the label "node" with the node's name.
func Run(ctx context.Context, g *pipeline.Graph) (Report, error) {
	allocs, bytes := allocated()
	began := time.Now()
	err := g.Run(engine.WithLabels(ctx))
	r := Report{Took: time.Since(began), Rows: g.Ledger().Read, Nodes: g.Stats()}
	r.Allocs, r.Bytes = allocated()
	r.Allocs, r.Bytes = r.Allocs-allocs, r.Bytes-bytes
	return r, err
}

// allocated is what the process has allocated so far.
func allocated() (allocs, bytes int64) {
	list := []metrics.Sample{
		{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/tiny/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(list)
	return int64(list[0].Value.Uint64() + list[1].Value.Uint64()), int64(list[2].Value.Uint64())
}

// Bottleneck is the node that the others wait for: the one in which most time
// was spent or, where none was held up for a tenth of the run, a source.
func (r Report) Bottleneck() string {
	source, slowest, heldUp := "", pipeline.NodeStats{}, false
	for _, n := range r.Nodes {
		heldUp = heldUp || n.Blocked >= r.Took/10
		switch {
		case n.Source && source == "":
			source = n.Node
		case !n.Source && n.Busy >= slowest.Busy:
			slowest = n
		}
	}
	if source != "" && !heldUp {
		return source
	}
	return slowest.Node
}
