package engine

import "fmt"

// commit is StageNode.Commit: a join tells a lane's source how far the lane is
// durable in every sink. What isn't durable can't be told.
func (h *handler) commit(l *lane, next int64) {
	at := l.frontier.At()
	switch {
	case next > at:
		h.s.fail(h.s.g.Locate(h.n.Name, place(l.TopicPartition, next), fmt.Errorf("committed offset %d, but the sinks hold rows up to %d only", next, at)))
	case next > l.told.Load():
		h.s.tell(l, next)
	}
}

// atJoinEnd is called when the last sink's end of a lane has come to the join.
// By then the source must have been told of all rows, or it would read them
// again without need, or keep them for ever.
func (h *handler) atJoinEnd(l *lane) {
	if at, told := l.frontier.At(), l.told.Load(); told < at {
		h.s.fail(h.s.g.Locate(h.n.Name, place(l.TopicPartition, told), fmt.Errorf("every sink holds the rows before offset %d, but the source was told of those before %d only: the join doesn't commit", at, told)))
	}
	h.s.leave(l)
}
