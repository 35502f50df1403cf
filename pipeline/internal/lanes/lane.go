package lanes

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// lane is a bounded queue and, while there is something in it, a goroutine that
// hands it over message by message.
type lane struct {
	c     *consumer
	id    int64
	slots chan struct{} // one for each bounded message that waits

	mu      sync.Mutex
	queue   []item
	running bool
}

type item struct {
	m       *message.Message
	bounded bool
}

func (l *lane) add(m *message.Message, bounded bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, item{m, bounded})
	if !l.running {
		l.running = l.c.ps.start(l.run)
	}
}

// next takes the first message, or ends the run. Whoever adds one after that
// finds running false and starts the next run.
func (l *lane) next() (*message.Message, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		l.queue, l.running = nil, false
		return nil, false
	}
	first := l.queue[0]
	l.queue[0] = item{}
	l.queue = l.queue[1:]
	if first.bounded {
		<-l.slots
	}
	return first.m, true
}

func (l *lane) run() {
	for {
		m, ok := l.next()
		if !ok {
			l.c.ps.cfg.Idle(l.c.topic, l.id)
			return
		}
		for refused := 1; !l.deliver(m); refused++ {
			pause := l.c.ps.cfg.Backoff(refused)
			l.c.ps.cfg.Retry(l.c.name, m, refused, pause)
			if !l.pause(pause) {
				return
			}
		}
	}
}

// deliver hands over a copy of a message, since a message can be acknowledged once
// only, and reports whether it was.
func (l *lane) deliver(m *message.Message) bool {
	ctx, cancel := context.WithCancel(m.Context())
	defer cancel()
	sent := message.NewMessage(m.UUID, m.Payload)
	maps.Copy(sent.Metadata, m.Metadata) // another consumer has the same message
	sent.SetContext(ctx)
	if !l.c.handOver(sent) {
		return false
	}
	select {
	case <-sent.Acked():
		l.c.ps.cfg.Acked(l.c.name, m)
		return true
	case <-sent.Nacked():
	case <-l.c.ps.closed:
	}
	return false
}

// pause waits, and reports false if the PubSub was closed meanwhile.
func (l *lane) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.c.ps.closed:
		return false
	}
}
