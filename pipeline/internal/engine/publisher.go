package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/internal/lanes"
)

// publisher is where a handler's messages enter the edge, under whatever
// decorators a person gave the router. It keeps a router that stops one handler
// from closing the others' edges, notes how long the node is held up by those
// after it, and marks what it publishes, so that acked can tell what a decorator
// has left out.
type publisher struct {
	*lanes.PubSub
	h *handler
}

func (p publisher) Publish(topic string, msgs ...*message.Message) error {
	if len(msgs) == 0 {
		return nil
	}
	for _, m := range msgs {
		if err := p.check(topic, envelopeOf(m)); err != nil {
			p.h.s.fail(p.h.s.g.Locate(p.h.n.Name, placeOf(envelopeOf(m)), err))
			return err
		}
	}
	began := time.Now()
	defer func() { p.h.n.Stats.Blocked.Add(int64(time.Since(began))) }()
	if err := p.PubSub.Publish(topic, msgs...); err != nil {
		return err
	}
	for _, m := range msgs {
		envelopeOf(m).published.Store(true)
	}
	return nil
}

// check refuses what no node would take: an edge carries the node's own messages,
// in their order. One that comes again is let through:
// the next node knows it by its number.
func (p publisher) check(topic string, e *envelope) error {
	if e == nil || topic != p.h.n.topic() {
		return fmt.Errorf("a decorator published another message than the node's, or to another topic (%q)", topic)
	}
	st := p.h.known(e.lane)
	if st == nil || e.published.Load() {
		return nil
	}
	if st.handed.Swap(e.number) > e.number {
		return errors.New("a decorator changed the order of what came of a batch")
	}
	return nil
}

func (publisher) Close() error { return nil }
