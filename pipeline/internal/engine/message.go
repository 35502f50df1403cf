package engine

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline/feature"
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
// producer's did. By the number both are known from something new.
type envelope struct {
	lane     *lane
	producer *Node
	number   int64
	kind     kind
	why      Reason
	batch    any

	published atomic.Bool // it has entered the edge
}

type envelopeKey struct{}

// newUUID is a version 4 UUID. It is there to be looked for in logs and traces,
// so it need not be hard to guess, and is made several times a batch.
func newUUID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], rand.Uint64())
	binary.BigEndian.PutUint64(b[8:], rand.Uint64())
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// newMessage starts from the session's own context: a router adds layers to a
// message's context at every hop, and they would pile up. Metadata goes on from
// the message that it follows from, so that a trace is one from end to end.
func newMessage(ctx context.Context, e *envelope, from message.Metadata) *message.Message {
	m := message.NewMessage(newUUID(), nil)
	for k, v := range from {
		m.Metadata[k] = v
	}
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

// BatchOf is the batch that a message carries, or nil in the engine's own messages.
func BatchOf(m *message.Message) any {
	if e := envelopeOf(m); e != nil {
		return e.batch
	}
	return nil
}

// LaneOf is the lane that a message belongs to, or nil outside of a graph.
func LaneOf(m *message.Message) *feature.Lane {
	if e := envelopeOf(m); e != nil {
		return e.lane.Lane
	}
	return nil
}

// spansOf lists what a batch stands for, as the source cut it.
func spansOf(batch any) []feature.Span {
	switch b := batch.(type) {
	case feature.Records:
		return []feature.Span{b.Span}
	case *feature.Rows:
		if b != nil {
			return b.Spans
		}
	}
	return nil
}

// recordsOf lists the records of a batch.
func recordsOf(batch any) []feature.Record {
	switch b := batch.(type) {
	case feature.Records:
		return b.List
	case *feature.Rows:
		if b != nil {
			return b.Records
		}
	}
	return nil
}

// size is the number of rows of a batch.
func size(batch any) int {
	if _, ok := batch.(Receipt); ok {
		return 1
	}
	return len(recordsOf(batch))
}

// Place is where a record is, for errors: topic/partition@offset.
func Place(p feature.TopicPartition, offset int64) string {
	return fmt.Sprintf("%s/%d@%d", p.Topic, p.Partition, offset)
}

// placeOf says where an envelope's batch begins, for errors.
func placeOf(e *envelope) string {
	if e == nil {
		return ""
	}
	if spans := spansOf(e.batch); len(spans) > 0 {
		return Place(e.lane.TopicPartition, spans[0].From)
	}
	return fmt.Sprintf("%s/%d", e.lane.Topic, e.lane.Partition)
}
