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
	*pipeline.Feed
	from  int64         // where the next span begins
	next  int64         // the next message's offset
	ready chan struct{} // holds one if the lane was told that it has room

	mu      sync.Mutex
	unacked []*message.Message // the first has offset acked
	acked   int64
}

func newLane(s Source, in *pipeline.SourceNode, c pipeline.LaneConfig, next int64) (*lane, error) {
	l := &lane{Source: s, from: c.Start, next: next, acked: next, ready: make(chan struct{}, 1)}
	c.Commit = l.ack
	c.Ready = func() {
		select {
		case l.ready <- struct{}{}:
		default:
		}
	}
	feed, err := in.Open(c)
	l.Feed = feed
	return l, err
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

// hand pushes a batch, and where that makes the lane full waits until it isn't.
func (l *lane) hand(ctx context.Context, batch []*message.Message) {
	list := make([]feature.Record, len(batch))
	for i, m := range batch {
		list[i] = l.record(m, l.next+int64(i))
	}
	l.mu.Lock()
	l.unacked = append(l.unacked, batch...) // before Push: Commit may come while it runs
	l.mu.Unlock()
	span := feature.Span{From: l.from, To: l.next + int64(len(batch))}
	l.from, l.next = span.To, span.To
	giveUpTo(l.next)
	for full := l.Push(list, span); full; full = l.Full() {
		select {
		case <-l.ready:
		case <-ctx.Done():
			return
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
