// Package lanes is the edge between two nodes: an in-process Watermill Pub/Sub
// that is bounded, keeps the order of each lane, and runs lanes side by side.
//
// A Watermill router starts a goroutine for every message. Order survives that
// because a lane's next message is handed over only after the one before it was
// acknowledged; a message that is refused comes again, after a pause, before
// anything after it.
package lanes

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// ErrClosed is what Publish returns once the Pub/Sub is closed.
var ErrClosed = errors.New("lanes: closed")

// Config is the settings of a PubSub.
type Config struct {
	// Depth is how many messages of a lane wait in front of a consumer before
	// Publish blocks.
	Depth int // default 4

	// Backoff is the pause before a refused message comes again, by how often it
	// was refused in a row.
	Backoff func(refused int) time.Duration // default 10 ms, doubled up to 5 s

	// Lane is the lane of a message.
	Lane func(*message.Message) int64 // default: all are of one lane

	// Acked is called when a consumer has acknowledged a message, before it gets
	// the lane's next one.
	Acked func(consumer string, m *message.Message) // default: nothing is called

	// Retry is called when a consumer has refused a message, which comes again after a pause.
	Retry func(consumer string, m *message.Message, attempt int, pause time.Duration) // default: nothing is called

	// Left is called when a consumer's subscription has ended while the PubSub is open.
	Left func(consumer string) // default: nothing is called

	// Idle is called when a consumer has done all that was published to a lane. It
	// must not block.
	Idle func(topic string, lane int64) // default: nothing is called
}

// PubSub is a message.Publisher, and by Consumer any number of
// message.Subscribers. It holds messages in memory only and keeps the context
// that they were published with.
type PubSub struct {
	cfg     Config
	closed  chan struct{}
	once    sync.Once
	running sync.WaitGroup

	mu     sync.Mutex
	topics map[string][]*consumer // replaced, never changed
}

// New makes a PubSub.
func New(cfg Config) *PubSub {
	if cfg.Depth <= 0 {
		cfg.Depth = 4
	}
	if cfg.Backoff == nil {
		cfg.Backoff = backoff
	}
	if cfg.Lane == nil {
		cfg.Lane = func(*message.Message) int64 { return 0 }
	}
	if cfg.Idle == nil {
		cfg.Idle = func(string, int64) {}
	}
	if cfg.Retry == nil {
		cfg.Retry = func(string, *message.Message, int, time.Duration) {}
	}
	if cfg.Left == nil {
		cfg.Left = func(string) {}
	}
	if cfg.Acked == nil {
		cfg.Acked = func(string, *message.Message) {}
	}
	return &PubSub{cfg: cfg, closed: make(chan struct{}), topics: map[string][]*consumer{}}
}

func backoff(refused int) time.Duration {
	return min(10*time.Millisecond<<min(refused-1, 10), 5*time.Second)
}

// Declare has a consumer receive all that is published to the topic from now
// on, whether it has subscribed already or not.
func (p *PubSub) Declare(topic, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.declare(topic, name)
}

func (p *PubSub) declare(topic, name string) *consumer {
	all := p.topics[topic]
	for _, c := range all {
		if c.name == name {
			return c
		}
	}
	c := &consumer{ps: p, topic: topic, name: name, lanes: map[int64]*lane{}, changed: make(chan struct{})}
	p.topics[topic] = append(slices.Clip(all), c)
	return c
}

// Publish hands messages to every consumer of the topic. It blocks while a
// lane's queue is full: that is the backpressure. A topic that nobody consumes
// yet keeps its messages for the consumer without a name.
func (p *PubSub) Publish(topic string, msgs ...*message.Message) error {
	for _, m := range msgs {
		for _, c := range p.consumers(topic) {
			if err := c.put(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *PubSub) consumers(topic string) []*consumer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.topics[topic]) == 0 {
		p.declare(topic, "")
	}
	return p.topics[topic]
}

// Nudge puts a message in a consumer's lane after all that waits there,
// without regard to the bound. It is for the few messages of a node to itself.
func (p *PubSub) Nudge(topic, name string, m *message.Message) {
	p.mu.Lock()
	c := p.declare(topic, name)
	p.mu.Unlock()
	c.lane(p.cfg.Lane(m)).add(m, false)
}

// Idle reports whether every consumer of the topic has done all of a lane.
func (p *PubSub) Idle(topic string, id int64) bool {
	for _, c := range p.consumers(topic) {
		if c.busy(id) {
			return false
		}
	}
	return true
}

// Waiting is how many messages of a lane wait in front of a consumer.
func (p *PubSub) Waiting(topic, name string, id int64) int {
	p.mu.Lock()
	c := p.declare(topic, name)
	p.mu.Unlock()
	return len(c.lane(id).slots)
}

// Forget lets go of what is kept for a lane at which nothing arrives any more.
func (p *PubSub) Forget(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.topics {
		for _, c := range t {
			c.forget(id)
		}
	}
}

// Close stops handing over. What waits is dropped, a blocked Publish returns,
// and subscribers' channels are closed.
func (p *PubSub) Close() error {
	p.mu.Lock()
	p.once.Do(func() { close(p.closed) })
	p.mu.Unlock()
	p.running.Wait()
	return nil
}

// start runs f unless the PubSub is closed. The lock keeps Close from waiting
// before the goroutine is counted.
func (p *PubSub) start(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return false
	default:
	}
	p.running.Add(1)
	go func() {
		defer p.running.Done()
		f()
	}()
	return true
}

// Subscribe is that of the consumer without a name.
func (p *PubSub) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	return p.Consumer("").Subscribe(ctx, topic)
}

// Consumer is the subscriber of a name. Each consumer of a topic gets every
// message; those that subscribe as one consumer share them.
func (p *PubSub) Consumer(name string) message.Subscriber { return subscriber{p, name} }

type subscriber struct {
	ps   *PubSub
	name string
}

// Close does nothing: a router that stops one handler must not stop the others.
func (s subscriber) Close() error { return nil }

func (s subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.ps.mu.Lock()
	c := s.ps.declare(topic, s.name)
	s.ps.mu.Unlock()
	sub := &subscription{out: make(chan *message.Message), done: make(chan struct{})}
	if !s.ps.start(func() { c.serve(ctx, sub) }) {
		return nil, ErrClosed
	}
	return sub.out, nil
}
