package engine

import (
	"fmt"
	"sync"
	"sync/atomic"

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
	marks    *marks

	ending    atomic.Bool  // End was called on its feed
	pumping   sync.Mutex   // held by whoever publishes what waits
	number    int64        // of the last envelope; under pumping
	committed atomic.Int64 // the offset of the last call of commit
	done      chan struct{}
	doneOnce  sync.Once

	// flushed has a channel for each sink that keeps no progress, closed once that
	// sink has flushed the lane.
	flushed map[string]chan struct{}
}

func (l *lane) finish() { l.doneOnce.Do(func() { close(l.done) }) }

func (l *lane) log() ledger.Log {
	return ledger.Log{Source: l.source.Name, TopicPartition: l.TopicPartition}
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
		done: make(chan struct{}), flushed: s.unflushed(source), marks: newMarks(sinks, &identity),
	}
	if err := s.startsWhereTheStoresAre(l); err != nil {
		return nil, err
	}
	l.committed.Store(l.Start)
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
