// Package ledger counts what became of every row since a run began, by sink.
//
// It counts by lane. A session that is dropped leaves counts that may be more or
// less than what the stores came to hold; the next one takes up their running
// counts, so the run's own are always the difference between two of those.
package ledger

import (
	"maps"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Log is one partition of what a source reads. Two sources may have topics of
// one name.
type Log struct {
	Source string // the node
	feature.TopicPartition
}

// Ledger is that of a run. Its zero value counts nothing until Begin.
type Ledger struct {
	mu    sync.Mutex
	sum   map[string]feature.Tally // of lanes that have left, by sink
	lanes map[Log]*account
}

// account is a lane's running counts when the run first opened it, and now.
type account struct{ begin, now map[string]feature.Tally }

// Begin counts from zero, and has every sink appear before its first row.
func (l *Ledger) Begin(sinks []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sum, l.lanes = map[string]feature.Tally{}, map[Log]*account{}
	for _, sink := range sinks {
		l.sum[sink] = feature.Tally{}
	}
}

// Open takes a lane up, with the running counts that the stores hold of it, if
// any of them keeps progress. Where none does, those of a dropped session stand.
func (l *Ledger) Open(p Log, kept bool, held feature.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[string]feature.Tally{}
	for sink, s := range held.Sinks {
		counts[sink] = s.Tally
	}
	a := l.lanes[p]
	switch {
	case a == nil:
		l.lanes[p] = &account{counts, maps.Clone(counts)}
	case kept:
		a.now = counts
	}
}

// Count adds a span of an open lane.
func (l *Ledger) Count(p Log, sink string, t feature.Tally) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.lanes[p]
	if a == nil {
		return
	}
	sum := a.now[sink]
	sum.Add(t)
	a.now[sink] = sum
}

// Close adds up a lane that has left in good order.
func (l *Ledger) Close(p Log) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.lanes[p]; a != nil {
		a.addTo(l.sum)
		delete(l.lanes, p)
	}
}

// addTo adds what a lane has counted since the run began.
func (a *account) addTo(sum map[string]feature.Tally) {
	for sink := range sum {
		t := sum[sink]
		t.Add(a.now[sink])
		t.Sub(a.begin[sink])
		sum[sink] = t
	}
}

// Now is the count so far, by sink.
func (l *Ledger) Now() map[string]feature.Tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := maps.Clone(l.sum)
	for _, a := range l.lanes {
		a.addTo(sum)
	}
	return sum
}
