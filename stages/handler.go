package stages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Handler puts one of Watermill's handler functions between a source and decode,
// record by record. A message's payload is the record's value (nil where that is
// null), and its metadata the headers; of those that are repeated the last. The
// record's key and place stay as they are. In what the function gives back,
//
//   - one message takes the place of the record's value and, where its metadata is
//     another, of the headers, in order of their names;
//   - no message leaves the record out: it is counted as filtered;
//   - more than one can't be: a record is one row. It is an error that stops the graph.
//
// A record for which the function fails or panics goes to the dead letters, as the
// kind "handler"; an error made by pipeline.Transient has it called again. As in
// Watermill, it may be called more than once for a record: after an error, and
// for records from before a lane's start that are replayed. It is called for one
// record of a lane at a time, and for several lanes at once. Whether it acks a
// message says nothing.
type Handler func(*message.Message) ([]*message.Message, error)

var (
	_ pipeline.Spec[feature.Records, feature.Records] = Handler(nil)
	_ pipeline.Rejecter                               = Handler(nil)
)

// Rejects says that records may go to the dead letters.
func (Handler) Rejects() bool { return true }

// Open makes the stage of one lane.
func (h Handler) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[feature.Records, feature.Records], error) {
	return &handler{handle: h, node: n}, nil
}

// handler is one lane's.
type handler struct {
	handle  Handler
	node    *pipeline.Node
	pending pending[[]feature.Record]
}

// Process handles a batch, record by record.
func (h *handler) Process(ctx context.Context, in feature.Records, emit func(feature.Records)) error {
	if !h.pending.of(in.Span) {
		if err := h.all(ctx, in); err != nil {
			return err
		}
	}
	if err := h.pending.rejects.send(ctx, h.node, in.TopicPartition, in.List); err != nil {
		return err
	}
	in.List = h.pending.take()
	emit(in)
	return nil
}

// all handles the records of a batch, and keeps what becomes of them.
func (h *handler) all(ctx context.Context, in feature.Records) error {
	list := slices.Clone(in.List)
	h.pending.rejects = nil
	for i := range list {
		rec := &list[i]
		if rec.Outcome != feature.Pending {
			continue
		}
		switch err := h.one(ctx, rec); {
		case err == nil:
		case pipeline.IsTransient(err), errors.Is(err, errSeveral):
			return at(in.TopicPartition, rec.Offset, err)
		case rec.Offset < in.ReplayedBefore: // it went to the dead letters before the lane opened
			rec.Outcome = feature.Dead
		default:
			rec.Outcome = feature.Dead
			h.pending.rejects = append(h.pending.rejects, reject{i, "handler", err})
		}
	}
	h.pending.keep(in.Span, list)
	return nil
}

var errSeveral = errors.New("the handler gave several messages for one record: a record is one row")

// one handles a record and changes it as the function says.
func (h *handler) one(ctx context.Context, rec *feature.Record) (err error) {
	m := messageOf(rec)
	m.SetContext(ctx)
	before := maps.Clone(m.Metadata)
	out, err := h.called(m)
	switch {
	case err != nil:
		return err
	case len(out) > 1:
		return errSeveral
	case len(out) == 0:
		rec.Outcome = feature.Unwanted
	case out[0] == nil:
		return errors.New("the handler gave a nil message")
	default:
		rec.Value = out[0].Payload
		if !maps.Equal(before, out[0].Metadata) {
			rec.Headers = headersOf(out[0].Metadata)
		}
	}
	return nil
}

func (h *handler) called(m *message.Message) (out []*message.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the handler panicked: %v", p)
		}
	}()
	return h.handle(m)
}

// messageOf is a record as Watermill's handlers know it. The payload is a copy:
// records are shared, and a handler may change what it is given.
func messageOf(rec *feature.Record) *message.Message {
	m := message.NewMessage(watermill.NewUUID(), slices.Clone(rec.Value))
	for _, hd := range rec.Headers {
		m.Metadata.Set(hd.Key, string(hd.Value))
	}
	return m
}

func headersOf(meta message.Metadata) []feature.Header {
	var list []feature.Header
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		list = append(list, feature.Header{Key: k, Value: []byte(meta[k])})
	}
	return list
}
