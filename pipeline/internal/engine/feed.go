package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/frontier"
	"github.com/tandemdata/tandem/pipeline/internal/ledger"
)

// lane is what the session knows of a lane.
type lane struct {
	*feature.Lane
	id       int64
	source   *Node
	commit   func(next int64)
	ready    func()
	frontier *frontier.Frontier

	ending   atomic.Bool  // End was called on its feed
	pumping  sync.Mutex   // held by whoever publishes what waits
	number   int64        // of the last envelope; under pumping
	told     atomic.Int64 // what the source was told is durable
	done     chan struct{}
	doneOnce sync.Once

	// flushed is closed, by sink that keeps no progress, once it has flushed the lane.
	flushed map[string]chan struct{}
}

func (l *lane) finish() { l.doneOnce.Do(func() { close(l.done) }) }

func (l *lane) log() ledger.Log {
	return ledger.Log{Source: l.source.Name, TopicPartition: l.TopicPartition}
}

// Feed is a source's end of a lane.
type Feed struct {
	*feature.Lane
	s *session
	l *lane
}

// partitionOf names a partition of what a source reads, whatever its epoch.
type partitionOf struct {
	source    *Node
	topic     string
	partition int32
}

// sourceNode is what a source sees of the session.
func (s *session) sourceNode(n *Node) *SourceNode {
	return &SourceNode{
		Node: n, Logger: s.g.Logger.With("node", n.Name), KeysStay: s.g.keysStay(n), Replay: s.g.replay(n),
		Progress: func(ctx context.Context, topic string, partition int32) (feature.Progress, bool, error) {
			return s.progress(ctx, n, topic, partition)
		},
		Open: func(c LaneConfig) (*Feed, error) { return s.openLane(n, c) },
		End:  s.end,
	}
}

// keysStay reports whether any store after a source rests on that.
func (g *Graph) keysStay(source *Node) bool {
	return slices.ContainsFunc(g.SinksOf(source), func(n *Node) bool { return n.Schema.Group.KeysStay() })
}

// replay is what the neediest stage after a source asks for.
func (g *Graph) replay(source *Node) int {
	records := 0
	for _, n := range g.Nodes {
		if n.Root() == source {
			records = max(records, n.Replay)
		}
	}
	return records
}

// progress merges what the sinks after a source hold of a partition.
func (s *session) progress(ctx context.Context, source *Node, topic string, partition int32) (feature.Progress, bool, error) {
	var merged feature.Progress
	found, fresh := false, false
	for _, n := range s.g.SinksOf(source) {
		k, ok := s.sinks[n].w.(progressStore)
		if !ok {
			continue
		}
		p, ok, err := k.Progress(ctx, topic, partition)
		switch {
		case err != nil:
			return feature.Progress{}, false, s.g.Locate(n.Name, "", err)
		case !ok:
			fresh = true
		case !found:
			merged, found = p, true
		default:
			merged = frontier.Merge(merged, p)
		}
	}
	if found && fresh { // it has none of the rows yet
		merged = frontier.Merge(feature.Progress{Epoch: merged.Epoch}, merged)
	}
	s.note(source, topic, partition, merged, found)
	return merged, found, nil
}

// note keeps what a source was told of a partition, to hold its lane against.
func (s *session) note(source *Node, topic string, partition int32, p feature.Progress, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := partitionOf{source, topic, partition}
	s.held[at] = nil
	if found {
		s.held[at] = &p
	}
}

// openLane is SourceNode.Open.
func (s *session) openLane(source *Node, c LaneConfig) (*Feed, error) {
	var sinks []string
	for _, n := range s.g.SinksOf(source) {
		sinks = append(sinks, n.Name)
	}
	identity := c.Lane
	l := &lane{
		Lane: &identity, source: source, commit: c.Commit, ready: c.Ready,
		done: make(chan struct{}), flushed: s.unflushed(source),
	}
	if err := s.startsWhereTheStoresAre(l); err != nil {
		return nil, err
	}
	l.told.Store(l.Start)
	log := l.log()
	l.frontier = frontier.New(sinks, l.Start, l.Resumed, func(sink string, t feature.Tally) { s.g.Ledger.Count(log, sink, t) })
	over, err := s.add(l)
	if err != nil {
		return nil, err
	}
	s.g.Ledger.Open(log, len(l.flushed) < len(sinks), l.Resumed)
	s.intake.Open(l.Lane, sinks)
	if over {
		l.finish()
	}
	return &Feed{l.Lane, s, l}, nil
}

// startsWhereTheStoresAre refuses a lane that leaves out rows which some store
// lacks: those between what was counted and where the lane starts. A source may
// leave out what its log has lost, as a gap.
func (s *session) startsWhereTheStoresAre(l *lane) error {
	if len(l.flushed) == len(s.g.SinksOf(l.source)) {
		return nil // no store keeps progress: where to start is the source's own to say
	}
	s.mu.Lock()
	held, asked := s.held[partitionOf{l.source, l.Topic, l.Partition}]
	s.mu.Unlock()
	if !asked {
		return fmt.Errorf("opened a lane of %s/%d without asking for its Progress, which the stores keep", l.Topic, l.Partition)
	}
	if held == nil || held.Epoch != l.Epoch {
		return nil
	}
	next := held.Counted
	for _, gap := range l.Resumed.Gaps {
		if gap.From <= next && next < gap.To {
			next = gap.To
		}
	}
	if l.Start > next {
		return fmt.Errorf("opened a lane of %s/%d at offset %d, but the stores hold rows up to %d only: those between would be lost",
			l.Topic, l.Partition, l.Start, held.Counted)
	}
	return nil
}

// add makes a lane known, and reports whether the session is over. A partition
// has one lane at a time.
func (s *session) add(l *lane) (over bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.live {
		if other.source == l.source && other.Topic == l.Topic && other.Partition == l.Partition {
			return false, fmt.Errorf("opened a lane of %s/%d, which has one already: it must be done first", l.Topic, l.Partition)
		}
	}
	s.nextID++
	l.id = s.nextID
	s.live[l.id] = l
	s.byLane[l.Lane] = l
	return s.ctx.Err() != nil, nil
}

func (s *session) unflushed(source *Node) map[string]chan struct{} {
	m := map[string]chan struct{}{}
	for _, n := range s.g.SinksOf(source) {
		if _, keeps := s.sinks[n].w.(progressStore); !keeps {
			m[n.Name] = make(chan struct{})
		}
	}
	return m
}

// Push hands over what was read next. It never blocks.
func (f *Feed) Push(list []feature.Record, span feature.Span) (full bool) {
	r := feature.Records{TopicPartition: f.TopicPartition, Span: span, List: list, ReplayedBefore: f.Start}
	full, waiting, err := f.s.intake.Push(f.Lane, r)
	if err != nil {
		f.s.fail(f.s.g.Locate(f.l.source.Name, place(f.l.TopicPartition, span.From), err))
		return false
	}
	stats := &f.l.source.Stats
	stats.Batches.Add(1)
	stats.Rows.Add(int64(len(list)))
	stats.waited(waiting)
	f.s.pump(f.l)
	return full
}

// Full reports whether the source should read no more of the lane for now.
func (f *Feed) Full() bool { return f.s.intake.Full(f.Lane) }

// Done is closed once all that was pushed is durable, or the lane was given up.
func (f *Feed) Done() <-chan struct{} { return f.l.done }

// end is SourceNode.End: all are announced before the first ends, so that sinks
// flush once for all of them.
func (s *session) end(feeds ...*Feed) {
	for _, f := range feeds {
		f.l.ending.Store(true)
	}
	for _, f := range feeds {
		if s.intake.End(f.Lane) {
			s.pump(f.l)
		}
	}
}

// pump has a goroutine publish what waits of a lane, which is where backpressure
// holds. Push and End add before they call it, and the one that holds the lock
// looks again after it has let go: so nothing is left waiting without a pump.
func (s *session) pump(l *lane) {
	if !l.pumping.TryLock() {
		return
	}
	s.running.Go(func() {
		for s.publishNext(l) {
		}
	})
}

// publishNext publishes what comes next, or lets go of the lane and reports false.
func (s *session) publishNext(l *lane) bool {
	e := &envelope{lane: l, producer: l.source}
	next := s.intake.Next(l.Lane)
	switch {
	case next.Found:
		e.batch = next.Records
	case next.Ended:
		e.kind = end
	default:
		l.pumping.Unlock()
		return s.intake.Waits(l.Lane) && l.pumping.TryLock()
	}
	l.number++
	e.number = l.number
	if next.Room {
		s.tellReady(l)
	}
	began := time.Now()
	err := s.publish(l.source.topic(), e)
	l.source.Stats.Blocked.Add(int64(time.Since(began)))
	return err == nil && e.kind != end
}

// tellReady calls what the source gave to be told of room.
func (s *session) tellReady(l *lane) {
	if l.ready == nil {
		return
	}
	s.guarded(l.source, l.ready)
}

// tell calls what the source gave to be told of durable rows.
func (s *session) tell(l *lane, next int64) {
	l.told.Store(next)
	if l.commit != nil {
		s.guarded(l.source, func() { l.commit(next) })
	}
}

// guarded calls a plug-in's callback: a panic in it is that node's failure.
func (s *session) guarded(n *Node, f func()) {
	var err error
	func() {
		defer recovered(&err)
		f()
	}()
	if err != nil {
		s.fail(s.g.Locate(n.Name, "", err))
	}
}
