package engine

import "context"

// endState is how far the end of a lane has got at a sink.
type endState uint8

const (
	arrived  endState = iota + 1 // here
	flushing                     // with others, by the last of them to get here
	passed                       // flushed, and on its way to the join
)

// Flush is called at the lane's end. Lanes that end together are flushed once,
// by the last of them to get here, and then all of them go on. A sink that
// keeps the graph's progress comes last, so that its final commit says how far
// the others got.
func (k *sinkLane) Flush(ctx context.Context, why Reason, _ func(any)) error {
	if why != LaneEnds {
		return nil
	}
	if err := k.awaitOthers(ctx); err != nil {
		return err
	}
	together := k.arrive()
	if together == nil {
		return nil
	}
	defer k.rearm(together)
	if err := k.w.Flush(ctx); err != nil {
		return err
	}
	for _, l := range together {
		if err := k.reportedAll(l); err != nil {
			return err
		}
	}
	for _, l := range together {
		if err := k.pass(l); err != nil {
			return err
		}
	}
	return nil
}

// awaitOthers waits, at a sink that keeps progress, until those that don't have
// flushed the lane.
func (k *sinkLane) awaitOthers(ctx context.Context) error {
	if _, keeps := k.w.(progressStore); !keeps {
		return nil
	}
	for _, flushed := range k.l.flushed {
		select {
		case <-flushed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// arrive notes the end of a lane and gives all that ended, if no lane that was
// announced to end is still on its way. Each is given once: a lane may end while
// others are flushed. Under the lock, a lane that ending lists has not been forgotten.
func (k *sinkLane) arrive() []*lane {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended[k.l] = max(k.ended[k.l], arrived)
	for _, l := range k.s.ending(k.n) {
		if k.ended[l] == 0 {
			return nil
		}
	}
	var all []*lane
	for l, at := range k.ended {
		if at == arrived {
			k.ended[l] = flushing
			all = append(all, l)
		}
	}
	return all
}

// rearm marks the lanes of a flush that failed, so that the next end message,
// which is that of the same lane coming again, flushes them.
func (st *store) rearm(lanes []*lane) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, l := range lanes {
		if st.ended[l] == flushing {
			st.ended[l] = arrived
		}
	}
}

// pass sends a lane's end on, after its last receipt. Once it is sent, the lane
// may leave at any time: nothing is noted after that.
func (st *store) pass(l *lane) error {
	st.mu.Lock()
	st.ended[l] = passed
	st.mu.Unlock()
	if flushed := l.flushed[st.n.Name]; flushed != nil {
		close(flushed)
	}
	return st.s.publish(st.n.topic(), &envelope{lane: l, producer: st.n, number: st.next(l), kind: end})
}
