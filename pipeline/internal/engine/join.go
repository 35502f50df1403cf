package engine

import "fmt"

// commit is StageNode.Commit: a join commits at a lane's source what every sink
// holds, and no more.
func (h *handler) commit(l *lane, next int64) {
	at := l.frontier.At()
	switch {
	case next > at:
		h.s.fail(h.s.g.Locate(h.n.Name, Place(l.TopicPartition, next), fmt.Errorf("committed offset %d, but the sinks hold rows up to %d only", next, at)))
	case next > l.committed.Load():
		h.s.commit(l, next)
	}
}

// atJoinEnd is called when the last sink's end of a lane has come to the join.
// By then it must have committed all rows, or the source would read them again
// without need, or keep them for ever.
func (h *handler) atJoinEnd(l *lane) {
	if at, committed := l.frontier.At(), l.committed.Load(); committed < at {
		h.s.fail(h.s.g.Locate(h.n.Name, Place(l.TopicPartition, committed), fmt.Errorf("every sink holds the rows before offset %d, but the lane ended with those before %d committed: the join doesn't commit", at, committed)))
	}
	h.s.leave(l)
}
