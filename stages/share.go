package stages

import (
	"sync/atomic"

	"github.com/tandemdata/tandem/pipeline"
)

// share divides what a node may remember equally among its lanes, so that a
// topic of many partitions takes no more memory than one of few.
type share struct {
	keys  int
	lanes atomic.Int64
}

// sharing is the node's share, of which a lane takes its part until it leaves.
func sharing(n *pipeline.Node, keys int) *share {
	s := pipeline.Shared(n, func() *share { return &share{keys: keys} })
	s.lanes.Add(1)
	return s
}

func (s *share) leave() {
	if s != nil {
		s.lanes.Add(-1)
	}
}

// fit gives a window a lane's part as it is now. It keeps what it has until it
// next forgets.
func (s *share) fit(w *window) {
	if s != nil {
		w.limit(max(s.keys/int(max(s.lanes.Load(), 1)), 1))
	}
}
