package engine

import (
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/intake"
)

// Feed is a source's end of a lane.
type Feed struct {
	*feature.Lane
	s *session
	l *lane
}

// Push hands over what was read next. It never blocks.
func (f *Feed) Push(list []feature.Record, span feature.Span) (full bool) {
	r := feature.Records{TopicPartition: f.TopicPartition, Span: span, List: list, ReplayedBefore: f.Start}
	full, waiting, err := f.s.intake.Push(f.Lane, r)
	if err == nil && f.l.ending.Load() { // and done: the intake knows the lane no more
		err = intake.AfterEnd(span)
	}
	if err != nil {
		f.s.fail(f.s.g.Locate(f.l.source.Name, Place(f.l.TopicPartition, span.From), err))
		return false
	}
	f.l.marks.push(list, span, time.Now())
	stats := &f.l.source.Stats
	stats.Batches.Add(1)
	stats.Rows.Add(int64(len(list)))
	stats.waited(waiting)
	f.s.pump(f.l)
	return full
}

// LogEnd notes where the log ends now.
func (f *Feed) LogEnd(offset int64) {
	f.l.marks.mu.Lock()
	defer f.l.marks.mu.Unlock()
	f.l.marks.end = offset
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
		s.ready(l)
	}
	began := time.Now()
	err := s.publish(l.source.topic(), e)
	l.source.Stats.Blocked.Add(int64(time.Since(began)))
	return err == nil && e.kind != end
}

// ready calls LaneConfig.Ready: a lane that was full has room again.
func (s *session) ready(l *lane) {
	if l.ready == nil {
		return
	}
	s.guarded(l.source, l.ready)
}

// commit calls LaneConfig.Commit: every sink holds the rows before next.
func (s *session) commit(l *lane, next int64) {
	l.committed.Store(next)
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
