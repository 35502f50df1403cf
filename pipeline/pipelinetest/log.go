package pipelinetest

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest/rowmodel"
)

// Row is one record that was sent, and the row that it stands for.
type Row struct {
	feature.TopicPartition
	Offset    int64
	Timestamp int64 // the record's, in milliseconds since 1970
	Op        feature.Op

	// Values stand in the order of Schema.Fields, each as feature.Column.Value
	// gives it. A delete needs its key only; without an event time it takes the
	// record's timestamp.
	Values []any

	Stores []feature.Store // which it is for; default both, and none if it is empty
	Dead   bool            // it gives no row: it belongs to the dead letters
}

// Log is what was sent to one topic. Its methods may be called at any time, and a row should
// be added before it is sent: a reader may see it at once.
type Log struct {
	schema *feature.Schema

	mu   sync.Mutex
	sent []entry
	at   map[position]int // in sent
	lost []stretch
}

// entry is a row, and how a store gives it back.
type entry struct {
	Row
	stored feature.Stored
}

// position names a record.
type position struct {
	epoch, partition int32
	offset           int64
}

// stretch of a log that nobody could read.
type stretch struct {
	feature.TopicPartition
	feature.Span
}

// NewLog is a log that nothing was sent to.
func NewLog(s *feature.Schema) *Log { return &Log{schema: s, at: map[position]int{}} }

// Add notes rows. It panics on a place that is taken, and on values that don't
// fit the schema.
func (l *Log) Add(rows ...Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range rows {
		p := position{r.Epoch, r.Partition, r.Offset}
		if _, taken := l.at[p]; taken {
			panic(fmt.Sprintf("pipelinetest: %s was sent already", describePlace(r.TopicPartition, r.Offset)))
		}
		e := entry{Row: r}
		if !r.Dead {
			e.stored = stored(l.schema, r)
		}
		l.at[p] = len(l.sent)
		l.sent = append(l.sent, e)
	}
}

// Lose says that compaction or retention took these records before they were
// read: nobody can hold them.
func (l *Log) Lose(p feature.TopicPartition, span feature.Span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = append(l.lost, stretch{p, span})
}

// view is the log at one moment. It may be read without a lock.
type view struct {
	schema *feature.Schema
	sent   []entry
	lost   []stretch
}

func (l *Log) now() view {
	l.mu.Lock()
	defer l.mu.Unlock()
	return view{l.schema, l.sent[:len(l.sent):len(l.sent)], slices.Clone(l.lost)}
}

// find is the row sent at a place.
func (l *Log) find(v feature.Version) (entry, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.at[position{v.Epoch, v.Partition, v.Offset}]
	if !ok {
		return entry{}, false
	}
	return l.sent[i], true
}

// readable are the records that a source could read.
func (v view) readable(yield func(entry) bool) {
	for _, e := range v.sent {
		gone := slices.ContainsFunc(v.lost, func(s stretch) bool {
			return s.TopicPartition == e.TopicPartition && s.From <= e.Offset && e.Offset < s.To
		})
		if !gone && !yield(e) {
			return
		}
	}
}

// model replays the rows for a store that lie before what is given for their place.
func (v view) model(store feature.Store, before func(feature.TopicPartition) int64) *rowmodel.Model {
	m := rowmodel.New(v.schema, store)
	for e := range v.readable {
		if e.isFor(store) && e.Offset < before(e.TopicPartition) {
			m.Add(e.at(store))
		}
	}
	return m
}

// all is no bound at all.
func all(feature.TopicPartition) int64 { return math.MaxInt64 }

// at is the row as a store that it is for gives it back.
func (e entry) at(store feature.Store) feature.Stored {
	row := e.stored
	row.Only = !e.isFor(1 - store)
	return row
}

func (r Row) isFor(store feature.Store) bool {
	return !r.Dead && (r.Stores == nil || slices.Contains(r.Stores, store))
}

// stored is a row as a store must give it back.
func stored(s *feature.Schema, r Row) feature.Stored {
	if len(r.Values) != len(s.Fields) {
		panic(fmt.Sprintf("pipelinetest: %d values, want the %d of (%v)", len(r.Values), len(s.Fields), s))
	}
	out := feature.Stored{Values: slices.Clone(r.Values), RecordTime: (&feature.Record{Timestamp: r.Timestamp}).Time(), Version: feature.Version{
		Delete: r.Op == feature.Delete, Epoch: r.Epoch, Partition: r.Partition, Offset: r.Offset,
	}}
	if t := s.Time(); t >= 0 {
		switch at := r.Values[t].(type) {
		case int64:
			out.Version.Time = at
		case int32:
			out.Version.Time = int64(at)
		case nil:
			out.Version.Time = inUnit(r.Timestamp, s.TimeUnit())
		default:
			panic(fmt.Sprintf("pipelinetest: the event time of %s is a %T", describePlace(r.TopicPartition, r.Offset), at))
		}
	}
	if out.Version.Delete {
		rowmodel.Blank(s, out)
	}
	return out
}

// inUnit is a time in milliseconds in another unit: the one that it lies in, or
// the nearest that there is.
func inUnit(ms int64, unit time.Duration) int64 {
	if unit >= time.Millisecond {
		step := int64(unit / time.Millisecond)
		return (ms - (ms%step+step)%step) / step
	}
	step := int64(time.Millisecond / unit)
	return max(min(ms, math.MaxInt64/step), math.MinInt64/step) * step
}
