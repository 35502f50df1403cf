package cassandra

import (
	"context"
	"sync"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// send is one Write under way. It groups rows by the node that holds them, as a batch is sent to its first row's node
// and other rows would be sent on from there, and has the groups in flight while it encodes the next rows.
type send struct {
	w    *writer
	ctx  context.Context
	plan *plan
	life span
	open map[string]*request // by node, the rows that wait for more
	next *request            // the row in hand
	pick *gocql.Query        // finds nodes

	inFlight sync.WaitGroup
	mu       sync.Mutex
	failed   error // of the first request that failed
}

func (w *writer) begin(ctx context.Context, p *plan, life span) *send {
	return &send{w: w, ctx: ctx, plan: p, life: life, open: map[string]*request{}, next: w.borrow(p), pick: w.conn.Query(p.upsert)}
}

// add sends row i, or has it wait for others of its node.
func (s *send) add(rows *feature.Rows, i int) error {
	s.next.reset()
	if err := s.next.encode(rows, i, s.life); err != nil {
		return err
	}
	node := s.w.conn.home(s.pick.RoutingKey(s.next.key(s.next.rows[0])))
	r := s.open[node]
	if r != nil && (len(r.rows) == s.w.batchRows || r.size+s.next.size > s.w.batchBytes) {
		if err := s.dispatch(r); err != nil {
			return err
		}
		r = nil
	}
	if r == nil {
		r = s.w.borrow(s.plan)
		s.open[node] = r
	}
	r.take(s.next)
	return nil
}

// dispatch has a request in flight as soon as there is room. After a failure it begins no more.
func (s *send) dispatch(r *request) error {
	if err := s.failure(); err != nil {
		return err
	}
	select {
	case s.w.slots <- struct{}{}:
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	s.inFlight.Go(func() {
		if err := s.w.execute(s.ctx, s.plan, r); err != nil {
			s.fail(err)
		}
		s.w.giveBack(r)
		<-s.w.slots
	})
	return nil
}

// end sends what still waits, unless an error came before, and returns when nothing is in flight.
func (s *send) end(err error) error {
	for _, r := range s.open {
		if err == nil {
			err = s.dispatch(r)
		}
	}
	s.inFlight.Wait()
	s.w.giveBack(s.next)
	s.pick.Release()
	if failed := s.failure(); failed != nil {
		return failed
	}
	return err
}

func (s *send) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

func (s *send) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}
