package watermill

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// uuidHeader is what watermill-kafka calls it.
const uuidHeader = "_watermill_message_uuid"

type lane struct {
	Source
	*pipeline.Lane
	next  int64         // the next message's offset
	ready chan struct{} // holds one if the lane was told that it has room

	mu      sync.Mutex
	unacked []*message.Message // the first has offset acked
	acked   int64
}

func newLane(s Source, in *pipeline.SourceNode, c pipeline.LaneConfig) *lane {
	l := &lane{Source: s, next: c.Start, acked: c.Start, ready: make(chan struct{}, 1)}
	c.Commit = l.ack
	c.Ready = func() {
		select {
		case l.ready <- struct{}{}:
		default:
		}
	}
	l.Lane = in.Open(c)
	return l
}

// read hands messages over until ctx ends or there are no more.
func (l *lane) read(ctx context.Context, messages <-chan *message.Message) {
	for ctx.Err() == nil {
		select {
		case m, ok := <-messages:
			if !ok {
				return
			}
			l.hand(ctx, l.gather(m, messages))
		case <-ctx.Done():
		}
	}
}

// gather adds what else is there already.
func (l *lane) gather(first *message.Message, messages <-chan *message.Message) []*message.Message {
	batch := []*message.Message{first}
	for len(batch) < l.MaxBatch {
		select {
		case m, ok := <-messages:
			if !ok {
				return batch
			}
			batch = append(batch, m)
		default:
			return batch
		}
	}
	return batch
}

// hand pushes a batch, and where that makes the lane full waits for Ready: one
// that comes while Push still runs is kept, as it is only forgotten before.
func (l *lane) hand(ctx context.Context, batch []*message.Message) {
	list := make([]feature.Record, len(batch))
	for i, m := range batch {
		list[i] = l.record(m, l.next+int64(i))
	}
	l.mu.Lock()
	l.unacked = append(l.unacked, batch...) // before Push: Commit may come while it runs
	l.mu.Unlock()
	select {
	case <-l.ready:
	default:
	}
	span := feature.Span{From: l.next, To: l.next + int64(len(batch))}
	l.next = span.To
	giveUpTo(l.next)
	if l.Push(list, span) {
		select {
		case <-l.ready:
		case <-ctx.Done():
		}
	}
}

func (l *lane) record(m *message.Message, offset int64) feature.Record {
	r := feature.Record{Value: m.Payload, Offset: offset}
	if l.Key != nil {
		r.Key = l.Key(m)
	}
	at := time.Now()
	if l.Time != nil {
		at = l.Time(m)
	}
	r.Timestamp = at.UnixMilli()
	r.Headers = append(make([]feature.Header, 0, len(m.Metadata)+1), feature.Header{Key: uuidHeader, Value: []byte(m.UUID)})
	for _, k := range slices.Sorted(maps.Keys(m.Metadata)) {
		r.Headers = append(r.Headers, feature.Header{Key: k, Value: []byte(m.Metadata[k])})
	}
	return r
}

// ack acks all messages before an offset.
func (l *lane) ack(next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.acked < next && len(l.unacked) > 0 {
		l.unacked[0].Ack()
		l.unacked[0] = nil
		l.unacked = l.unacked[1:]
		l.acked++
	}
}

// nack gives back what is not durable.
func (l *lane) nack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.unacked {
		m.Nack()
	}
	l.unacked = nil
}
