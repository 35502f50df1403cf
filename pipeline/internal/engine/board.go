package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/status"
)

// Board is what nodes and runs of a graph say about themselves. It outlives a run.
// Its zero value is an empty one.
type Board struct {
	mu       sync.Mutex
	phase    status.Phase
	began    time.Time
	since    time.Time
	err      string
	restarts int64
	last     string // why it restarted
	session  *session

	troubles map[*Node]*status.Trouble
	dead     []status.DeadLetters
	letters  []status.Letter
	events   []status.Event
}

const (
	lettersKept = 20
	eventsKept  = 200
	textKept    = 200  // bytes of a letter's cause and key
	causeKept   = 1000 // bytes of what a node waits for
	kindsKept   = 100  // kinds of dead letters that are counted apart
)

// run notes that a run begins.
func (b *Board) run() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.restarts, b.last, b.dead, b.letters, b.events = 0, "", nil, nil, nil
	b.began = time.Now()
}

// Refuse notes that a run didn't begin.
func (b *Board) Refuse(err error) {
	b.run()
	b.turn(status.Failed, nil, err)
}

// turn notes what the graph is doing from now on, and in which session; nil: none.
func (b *Board) turn(p status.Phase, s *session, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.phase, b.since, b.session, b.err = p, time.Now(), s, ""
	b.troubles = map[*Node]*status.Trouble{}
	if err != nil {
		b.err = head(err.Error(), causeKept)
	}
	if p == status.Reopening {
		b.restarts++
		b.last = b.err
	}
}

// drain notes that the session ends.
func (b *Board) drain() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.phase == status.Running {
		b.phase, b.since = status.Draining, time.Now()
	}
}

// wait notes what a node waits for; nil: nothing any more.
func (b *Board) wait(n *Node, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch was := b.troubles[n]; {
	case cause == nil:
		delete(b.troubles, n)
	case was == nil && b.troubles != nil:
		b.troubles[n] = &status.Trouble{Since: time.Now(), Cause: head(cause.Error(), causeKept)}
	case was != nil:
		was.Cause = head(cause.Error(), causeKept)
	}
}

func (b *Board) trouble(n *Node) *status.Trouble {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.troubles[n]; t != nil {
		copied := *t
		return &copied
	}
	return nil
}

// note keeps an event.
func (b *Board) note(e status.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = lastOf(append(b.events, e), eventsKept)
}

// reject keeps and counts a dead letter.
func (b *Board) reject(node string, p feature.TopicPartition, rec feature.Record, kind string, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.dead, func(d status.DeadLetters) bool { return d.Node == node && d.Kind == kind })
	if i < 0 && len(b.dead) >= kindsKept {
		kind = "other"
		i = slices.IndexFunc(b.dead, func(d status.DeadLetters) bool { return d.Node == node && d.Kind == kind })
	}
	if i < 0 {
		i = len(b.dead)
		b.dead = append(b.dead, status.DeadLetters{Node: node, Kind: kind})
	}
	b.dead[i].Count++
	b.letters = lastOf(append(b.letters, status.Letter{
		At: time.Now(), Node: node, Kind: kind, Topic: p.Topic, Partition: p.Partition, Offset: rec.Offset,
		Cause: head(cause.Error(), textKept), Key: head(string(rec.Key), textKept),
	}), lettersKept)
}

func (b *Board) status(now time.Time) (status.Graph, *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g := status.Graph{
		At: now, Phase: b.phase, Began: b.began, Since: b.since, Error: b.err, Restarts: b.restarts, LastRestart: b.last,
		DeadLetters: slices.Clone(b.dead), Letters: slices.Clone(b.letters), Events: slices.Clone(b.events),
	}
	if g.Phase == "" {
		g.Phase = status.Idle
	}
	return g, b.session
}

// rejecting is Graph.Reject, noted.
func (g *Graph) rejecting(ctx context.Context, node string, p feature.TopicPartition, rec feature.Record, kind string, cause error) error {
	if err := g.Reject(ctx, node, p, rec, kind, cause); err != nil {
		return err
	}
	g.Board.reject(node, p, rec, kind, cause)
	return nil
}

func lastOf[T any](list []T, n int) []T {
	if len(list) > n {
		return slices.Delete(list, 0, len(list)-n)
	}
	return list
}

// head is the beginning of a text.
func head(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
