package lanes

import (
	"context"
	"reflect"
	"slices"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
)

// consumer is one reader of a topic, with a queue for each lane. Whoever
// subscribes as this consumer shares its messages.
type consumer struct {
	ps          *PubSub
	topic, name string

	mu      sync.Mutex
	lanes   map[int64]*lane
	subs    []*subscription // replaced, never changed
	changed chan struct{}   // closed when subs is replaced
}

// subscription is one channel that was handed out.
type subscription struct {
	out  chan *message.Message
	done chan struct{} // closed before out is, so that senders let go

	sending sync.RWMutex // held by senders; out is closed under its write lock
}

// serve keeps a subscription among the consumer's until its context ends.
func (c *consumer) serve(ctx context.Context, s *subscription) {
	c.replace(func(subs []*subscription) []*subscription { return append(slices.Clone(subs), s) })
	select {
	case <-ctx.Done():
		c.ps.cfg.Left(c.name)
	case <-c.ps.closed:
	}
	c.replace(func(subs []*subscription) []*subscription {
		return slices.DeleteFunc(slices.Clone(subs), func(o *subscription) bool { return o == s })
	})
	close(s.done)
	s.sending.Lock()
	defer s.sending.Unlock()
	close(s.out)
}

func (c *consumer) replace(f func([]*subscription) []*subscription) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subs = f(c.subs)
	close(c.changed)
	c.changed = make(chan struct{})
}

// handOver gives a message to whichever subscription takes it first, and
// reports false if the PubSub was closed before one did.
func (c *consumer) handOver(m *message.Message) bool {
	for {
		c.mu.Lock()
		subs, changed := c.subs, c.changed
		c.mu.Unlock()
		switch offer(m, subs, changed, c.ps.closed) {
		case taken:
			return true
		case closed:
			return false
		}
	}
}

// offered is what became of an offer.
type offered int

const (
	closed  offered = iota // the PubSub
	changed                // others subscribe now
	taken
)

// offer waits until a subscription takes a message, or for what else may come
// of it. A subscription that ends meanwhile closes onChange before its channel,
// and waits with that until the read lock is free.
func offer(m *message.Message, subs []*subscription, onChange, onClose <-chan struct{}) offered {
	if len(subs) != 1 {
		return offerAny(m, subs, onChange, onClose)
	}
	s := subs[0] // as in every router; reflect would take longer than all else here
	s.sending.RLock()
	defer s.sending.RUnlock()
	if s.over() {
		return changed
	}
	select {
	case <-onClose:
		return closed
	case <-onChange:
		return changed
	case s.out <- m:
		return taken
	}
}

func offerAny(m *message.Message, subs []*subscription, onChange, onClose <-chan struct{}) offered {
	cases := make([]reflect.SelectCase, taken, int(taken)+len(subs))
	cases[closed] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(onClose)}
	cases[changed] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(onChange)}
	for _, s := range subs {
		s.sending.RLock()
		defer s.sending.RUnlock()
		if s.over() {
			return changed
		}
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectSend, Chan: reflect.ValueOf(s.out), Send: reflect.ValueOf(m)})
	}
	chosen, _, _ := reflect.Select(cases)
	return min(offered(chosen), taken)
}

// over reports whether the subscription's channel may be closed.
func (s *subscription) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (c *consumer) lane(id int64) *lane {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lanes[id]
	if l == nil {
		l = &lane{c: c, id: id, slots: make(chan struct{}, c.ps.cfg.Depth)}
		c.lanes[id] = l
	}
	return l
}

func (c *consumer) put(m *message.Message) error {
	l := c.lane(c.ps.cfg.Lane(m))
	select {
	case <-c.ps.closed:
		return ErrClosed
	default:
	}
	select {
	case l.slots <- struct{}{}:
	case <-c.ps.closed:
		return ErrClosed
	}
	l.add(m, true)
	return nil
}

func (c *consumer) busy(id int64) bool {
	c.mu.Lock()
	l := c.lanes[id]
	c.mu.Unlock()
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}

func (c *consumer) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.lanes, id)
}
