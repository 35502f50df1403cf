package pipeline

import (
	"context"

	"github.com/ThreeDotsLabs/watermill/message"
)

// kind is what a message asks of a node.
type kind uint8

const (
	data kind = iota
	wake      // flush, for the reason in why
	end       // nothing comes after it from this producer
)

// envelope is what travels in a message's context: nothing is serialised
// inside the process.
//
// Its number grows within (producer, lane). A message may come again: because
// its consumer's own publish failed after it had done the work, or because its
// producer's did. The number tells both from something new.
type envelope struct {
	lane     *Lane
	producer *node
	number   int64
	kind     kind
	why      FlushReason
	batch    any
}

type envelopeKey struct{}

// newMessage starts from the session's own context: a router adds layers to a
// message's context at every hop, and they would pile up.
func newMessage(ctx context.Context, e *envelope) *message.Message {
	m := message.NewMessage("", nil)
	m.SetContext(context.WithValue(ctx, envelopeKey{}, e))
	return m
}

func envelopeOf(m *message.Message) *envelope {
	e, _ := m.Context().Value(envelopeKey{}).(*envelope)
	return e
}

func laneOf(m *message.Message) int64 {
	if e := envelopeOf(m); e != nil {
		return e.lane.id
	}
	return 0
}

// BatchOf is the batch that a message carries: Records, *feature.Rows or
// Receipt, or nil in the graph's own messages. It is for Watermill middleware,
// which finds an empty payload.
func BatchOf(m *message.Message) any {
	if e := envelopeOf(m); e != nil {
		return e.batch
	}
	return nil
}

// LaneOf is the lane that a message belongs to, or nil outside of a graph.
func LaneOf(m *message.Message) *Lane {
	if e := envelopeOf(m); e != nil {
		return e.lane
	}
	return nil
}
