package engine

import "time"

// keeping notes whether a stage keeps rows, and wakes it if it took some and the
// next node has gone idle meanwhile. The edge may have reported idleness just
// before this noted that rows are kept, or does so after: then idle below finds
// the note. One that kept them when it was woken isn't woken again until the
// next node is idle anew.
func (h *handler) keeping(e *envelope, st *laneState, held bool) {
	st.keeping.Store(held)
	if held && e.kind == data && h.s.lanes.Idle(h.n.topic(), e.lane.id) {
		h.wake(e.lane, st, NextIdle)
	}
}

// idle is called by the edges when a consumer of a topic has done all of a lane.
func (s *session) idle(topic string, id int64) {
	l := s.lane(id)
	if l == nil || !s.lanes.Idle(topic, id) {
		return
	}
	for _, h := range s.handlers {
		if h.n.Kind != Stage || h.n.topic() != topic {
			continue
		}
		if st := h.known(l); st != nil && st.keeping.Load() {
			h.wake(l, st, NextIdle)
		}
	}
}

// wakeAfter is StageNode.WakeAfter.
func (h *handler) wakeAfter(l *lane, st *laneState, d time.Duration) {
	t := time.AfterFunc(d, func() { h.wake(l, st, TimerFired) })
	if old := st.timer.Swap(t); old != nil {
		old.Stop()
	}
}

// wake sends a node a message to itself, in the order of the lane. Of those for
// idleness one at a time is enough; a timer is never passed over.
func (h *handler) wake(l *lane, st *laneState, why Reason) {
	if why == NextIdle && st.awake.Swap(true) {
		return
	}
	// Numbers must arrive in order: a lower one after a higher one is passed over.
	st.waking.Lock()
	defer st.waking.Unlock()
	st.wakes++
	h.s.nudge(h.n, &envelope{lane: l, producer: h.n, number: st.wakes, kind: wake, why: why})
}
