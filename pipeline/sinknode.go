package pipeline

import (
	"context"
	"fmt"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// store is an open sink in a session.
type store struct {
	s *session
	n *node
	w Writer

	growing sync.RWMutex    // held to write, and alone to evolve
	schema  *feature.Schema // what the table is ready for

	mu    sync.Mutex
	sent  map[*Lane]int64 // number of the last receipt
	ended map[*Lane]stop  // lanes that nothing follows on
}

// stop is how far the end of a lane has got.
type stop uint8

const (
	arrived  stop = iota + 1 // here
	flushing                 // with others, by the last of them to get here
	passed                   // flushed, and on its way to the join
)

func (s *session) openSink(ctx context.Context, n *node) (*store, error) {
	st := &store{s: s, n: n, schema: n.schema, sent: map[*Lane]int64{}, ended: map[*Lane]stop{}}
	err := s.g.inside(ctx, n, func(ctx context.Context) (err error) {
		st.w, err = n.sink.Open(ctx, &SinkNode{
			Name: n.name, Schema: n.schema, Logger: s.g.log().With("node", n.name),
			durable: st.durable,
			fail:    func(err error) { s.background(n, err) },
		})
		return err
	})
	if err != nil {
		return nil, &Error{Node: n.name, Err: err}
	}
	return st, nil
}

// lane is the runner of one lane.
func (st *store) lane(l *Lane) runner { return sinkLane{st, l} }

type sinkLane struct {
	*store
	l *Lane
}

func (sinkLane) holds() bool { return true }

// process writes a batch. Rows that the store had before the lane opened are
// duplicates, whatever became of them on the way.
func (k sinkLane) process(ctx context.Context, in any, _ func(any)) error {
	rows, err := k.fit(ctx, in.(*feature.Rows))
	if err != nil {
		return err
	}
	defer k.growing.RUnlock()
	had := k.l.frontier.opened(k.n.name)
	outcomes := rows.Outcomes[k.n.sink.Store()]
	for i := range outcomes {
		if rows.Records[i].Offset >= had {
			break
		}
		if outcomes[i] != feature.Replayed {
			outcomes[i] = feature.Duplicate
		}
	}
	if err := k.refuse(ctx, rows, outcomes); err != nil {
		return err
	}
	if err := k.w.Write(ctx, k.l, rows); err != nil {
		return err
	}
	k.s.intake.accepted(k.l, k.n.name, rows.Span().To)
	return nil
}

// fit gives the batch all columns that the table is ready for, which it first
// makes ready for those of the batch. It leaves growing held to write.
func (st *store) fit(ctx context.Context, rows *feature.Rows) (*feature.Rows, error) {
	st.growing.RLock()
	for len(st.schema.Fields) < len(rows.Schema.Fields) {
		st.growing.RUnlock()
		if err := st.evolve(ctx, rows.Schema); err != nil {
			return nil, err
		}
		st.growing.RLock()
	}
	return rows.Widen(st.schema), nil
}

func (st *store) evolve(ctx context.Context, s *feature.Schema) error {
	st.growing.Lock()
	defer st.growing.Unlock()
	if len(st.schema.Fields) >= len(s.Fields) { // another lane was faster
		return nil
	}
	e, ok := st.w.(Evolver)
	if !ok {
		return fmt.Errorf("the sink's table can't get the columns of %v", s)
	}
	if err := st.n.sink.Check(s); err != nil {
		return err
	}
	if err := e.Evolve(ctx, s); err != nil {
		return err
	}
	st.schema = s
	return nil
}

// refuse sends the rows that the store can't hold to the dead letters.
func (k sinkLane) refuse(ctx context.Context, rows *feature.Rows, outcomes []feature.Outcome) error {
	r, ok := k.w.(RowChecker)
	if !ok {
		return nil
	}
	for i, cause := r.CheckRows(rows, 0); cause != nil; i, cause = r.CheckRows(rows, i+1) {
		if outcomes[i] != feature.Pending {
			continue
		}
		if err := k.s.g.router.reject(ctx, k.n.name, rows.TopicPartition, rows.Records[i], "unstorable", cause); err != nil {
			return err
		}
		outcomes[i] = feature.Dead
	}
	return nil
}

// flush is called at the lane's end. Lanes that end together are flushed once,
// by the last of them to get here, and then all of them go on. A sink that
// keeps the graph's progress comes last, so that its final commit says how far
// the others got.
func (k sinkLane) flush(ctx context.Context, why FlushReason, _ func(any)) error {
	if why != FlushEnd {
		return nil
	}
	if err := k.lastOfAll(ctx); err != nil {
		return err
	}
	together := k.arrive()
	if together == nil {
		return nil
	}
	defer k.again(together)
	if err := k.w.Flush(ctx); err != nil {
		return err
	}
	for _, l := range together {
		if err := k.pass(l); err != nil {
			return err
		}
	}
	return nil
}

// lastOfAll waits, at a sink that keeps progress, for those that don't.
func (k sinkLane) lastOfAll(ctx context.Context) error {
	if _, keeps := k.w.(ProgressStore); !keeps {
		return nil
	}
	for _, settled := range k.l.settled {
		select {
		case <-settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// arrive notes the end of a lane and gives all that ended, if no lane that was
// announced to end is still on its way. Each is given once: a lane may end while
// others are flushed. Under the lock, a lane that closing lists has not been forgotten.
func (k sinkLane) arrive() []*Lane {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended[k.l] = max(k.ended[k.l], arrived)
	for _, l := range k.s.closing(k.n) {
		if k.ended[l] == 0 {
			return nil
		}
	}
	var all []*Lane
	for l, at := range k.ended {
		if at == arrived {
			k.ended[l] = flushing
			all = append(all, l)
		}
	}
	return all
}

// again has those of the lanes that a flush failed for be flushed with the next
// end that arrives: that of its own message, which comes again.
func (st *store) again(lanes []*Lane) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, l := range lanes {
		if st.ended[l] == flushing {
			st.ended[l] = arrived
		}
	}
}

// pass sends a lane's end on, behind its last receipt. Once it is sent, the lane
// may leave at any time: nothing is noted after that.
func (st *store) pass(l *Lane) error {
	st.mu.Lock()
	st.ended[l] = passed
	st.mu.Unlock()
	if settled := l.settled[st.n.name]; settled != nil {
		close(settled)
	}
	return st.s.publish(st.n.topic(), &envelope{lane: l, producer: st.n, number: st.next(l), kind: end})
}

// forget lets go of a lane that has left the session.
func (st *store) forget(l *Lane) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.ended, l)
	delete(st.sent, l)
}

// durable is SinkNode.Durable: a receipt on its way to the join.
func (st *store) durable(l *Lane, done []feature.SpanTally) {
	if len(done) == 0 {
		return
	}
	l.frontier.tell(st.n.name, done)
	// The only error is that the session has ended; what is durable then is
	// found again in the store.
	_ = st.s.publish(st.n.topic(), &envelope{
		lane: l, producer: st.n, number: st.next(l), batch: Receipt{Sink: st.n.name, Spans: done},
	})
}

func (st *store) next(l *Lane) int64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.sent[l]++
	return st.sent[l]
}
