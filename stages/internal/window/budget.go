package window

import "sync/atomic"

// Budget divides what a node may remember equally among its lanes, so that a
// topic of many partitions takes no more memory than one of few.
type Budget struct {
	keys  int
	lanes atomic.Int64
}

// NewBudget is for so many identities, and no lane yet.
func NewBudget(keys int) *Budget { return &Budget{keys: keys} }

// Join takes a part of the budget for a lane, until it leaves.
func (b *Budget) Join() { b.lanes.Add(1) }

// Leave lets the other lanes have the part of one.
func (b *Budget) Leave() { b.lanes.Add(-1) }

// Fit gives a window a lane's part as it is now. It keeps what it has until it
// next forgets.
func (b *Budget) Fit(w *Window) { w.Limit(max(b.keys/int(max(b.lanes.Load(), 1)), 1)) }
