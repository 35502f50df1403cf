// Package memlog is a log in memory, for tests, examples and benchmarks: what
// was appended is read in the same order, however often.
package memlog

import (
	"fmt"
	"slices"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Log is a topic: partitions of records that are appended, read by any number
// of sources, and trimmed. Its methods may be called at any time.
type Log struct {
	topic string

	mu         sync.Mutex
	partitions []partition
	changed    chan struct{} // closed by the next change
}

type partition struct {
	records   []feature.Record
	first     int64 // the first offset that is not trimmed
	next      int64 // the end
	committed mark
	known     bool // something was committed
}

// mark is how far a partition was read, and in which epoch.
type mark struct {
	epoch int32
	next  int64
}

// NewLog makes an empty one.
func NewLog(topic string, partitions int) *Log {
	return &Log{topic: topic, partitions: make([]partition, partitions), changed: make(chan struct{})}
}

// Of makes a log of given records, partition by partition.
func Of(topic string, partitions ...[]feature.Record) *Log {
	l := NewLog(topic, len(partitions))
	for p, records := range partitions {
		l.Append(int32(p), records...)
	}
	return l
}

// Append adds records to the end of a partition. A record takes the next
// offset, or its own where that is larger: logs may have holes.
func (l *Log) Append(p int32, records ...feature.Record) {
	l.change(func() {
		part := &l.partitions[p]
		for _, r := range records {
			r.Offset = max(r.Offset, part.next)
			part.next = r.Offset + 1
			part.records = append(part.records, r)
		}
	})
}

// Trim forgets a partition's records before an offset, as retention does.
func (l *Log) Trim(p int32, before int64) {
	l.change(func() {
		part := &l.partitions[p]
		part.first = min(max(part.first, before), part.next)
		part.records = part.records[part.index(part.first):]
	})
}

// Bounds is the first offset of a partition, and its end.
func (l *Log) Bounds(p int32) (first, end int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.partitions[p].first, l.partitions[p].next
}

// Committed is the offset before which a source said that all is durable.
func (l *Log) Committed(p int32) (next int64, known bool) {
	m, known := l.mark(p)
	return m.next, known
}

func (l *Log) mark(p int32) (mark, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.partitions[p].committed, l.partitions[p].known
}

func (l *Log) commit(p int32, m mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	part := &l.partitions[p]
	if part.known && part.committed.epoch == m.epoch && part.committed.next >= m.next {
		return
	}
	part.committed, part.known = m, true
}

// read gives up to n records from an offset on, but none at or after an end.
// They are shared, and nobody writes to them.
func (l *Log) read(p int32, from, end int64, n int) ([]feature.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	part := &l.partitions[p]
	if from < part.first {
		return nil, fmt.Errorf("offset %d is trimmed", from)
	}
	i, to := part.index(from), part.index(end)
	to = min(to, i+n)
	return part.records[i:to:to], nil
}

func (p *partition) index(offset int64) int {
	i, _ := slices.BinarySearchFunc(p.records, offset, func(r feature.Record, o int64) int { return int(r.Offset - o) })
	return i
}

func (l *Log) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	close(l.changed)
	l.changed = make(chan struct{})
}

// next is closed by the next change.
func (l *Log) next() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}
