package stages

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tandemdata/tandem/pipeline"
)

// share divides what a node may remember equally among its lanes, so that a
// topic of many partitions takes no more memory than one of few.
type share struct {
	keys  int
	count atomic.Int64 // of lanes

	mu    sync.Mutex
	lanes []*pipeline.Lane
}

// sharing is the node's share, of which a lane takes its part from now on.
func sharing(n *pipeline.Node, keys int) *share {
	s := n.Shared(func() any { return &share{keys: keys} }).(*share)
	s.join(n.Lane)
	return s
}

// join also forgets the lanes that have left meanwhile.
func (s *share) join(l *pipeline.Lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes = append(slices.DeleteFunc(s.lanes, hasLeft), l)
	s.count.Store(int64(len(s.lanes)))
}

func hasLeft(l *pipeline.Lane) bool {
	select {
	case <-l.Done():
		return true
	default:
		return false
	}
}

// fit gives a window a lane's part as it is now. It keeps what it has until it
// next forgets.
func (s *share) fit(w *window) {
	if s != nil {
		w.limit(max(s.keys/int(s.count.Load()), 1))
	}
}
