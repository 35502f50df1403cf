package kafka

import (
	"math"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// lane is one partition for as long as it is this process's.
type lane struct {
	*pipeline.Feed
	batch int

	// The poll loop's own.
	cursor int64 // where the next span begins
	until  int64 // nothing at or after it is read

	ended atomic.Bool

	durable atomic.Int64 // what Commit said last
	stored  int64        // what the group has of that; under reader.committing
}

func (l *lane) atEnd() bool { return l.cursor >= l.until || l.Start >= l.until }

// take pushes what was fetched, in pieces, and reports whether the lane is full.
func (l *lane) take(records []*kgo.Record) (full bool) {
	for len(records) > 0 && !l.atEnd() {
		n, to := l.cut(records)
		full = l.Push(convert(records[:n]), feature.Span{From: l.cursor, To: to})
		l.cursor = to
		records = records[n:]
	}
	return full
}

// cut says how many records the next span holds and where it ends. A span is
// replayed as a whole or not at all, and none goes past the lane's end.
func (l *lane) cut(records []*kgo.Record) (n int, to int64) {
	edge := l.until
	if l.cursor < l.Start {
		edge = l.Start
	}
	for n < len(records) && n < l.batch && records[n].Offset < edge {
		n++
	}
	if n < len(records) && records[n].Offset >= edge {
		return n, edge
	}
	return n, records[n-1].Offset + 1
}

// commit keeps the last offset that all sinks hold.
func (l *lane) commit(next int64) {
	for {
		was := l.durable.Load()
		if next <= was || l.durable.CompareAndSwap(was, next) {
			return
		}
	}
}

// convert leaves out control records and copies no bytes.
func convert(records []*kgo.Record) []feature.Record {
	n := 0
	for _, r := range records {
		n += len(r.Headers)
	}
	headers := make([]feature.Header, 0, n)
	out := make([]feature.Record, 0, len(records))
	for _, r := range records {
		if r.Attrs.IsControl() {
			continue
		}
		at := len(headers)
		for _, h := range r.Headers {
			headers = append(headers, feature.Header{Key: h.Key, Value: h.Value})
		}
		out = append(out, feature.Record{
			Key: r.Key, Value: r.Value, Headers: headers[at:len(headers):len(headers)],
			Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli(),
		})
	}
	return out
}

// open opens the lane of a plan. A partition that was paused when it was
// revoked is still paused when it comes back.
func (r *reader) open(p plan) (*lane, error) {
	l := &lane{batch: r.MaxBatch, cursor: p.fetch, until: p.until}
	l.durable.Store(math.MinInt64)
	l.stored = math.MinInt64
	c := p.LaneConfig
	c.Commit = l.commit
	c.Ready = func() { r.ready(l) }
	feed, err := r.in.Open(c)
	if err != nil {
		return nil, err
	}
	l.Feed = feed
	r.resume(l)
	r.mu.Lock()
	r.lanes[p.Partition] = l
	r.mu.Unlock()
	return l, nil
}

// ready goes on with a partition that was paused because its lane was full. It
// may come before the pause: hand looks again after that.
func (r *reader) ready(l *lane) {
	if !l.ended.Load() {
		r.resume(l)
	}
}

func (r *reader) hand(l *lane, records []*kgo.Record) {
	if l.ended.Load() {
		r.pause(l)
		return
	}
	full := l.take(records)
	if l.atEnd() {
		r.pause(l)
		r.reached([]*lane{l})
		return
	}
	if !full {
		return
	}
	r.pause(l)
	if !l.Full() {
		r.resume(l)
	}
}

func (r *reader) pause(l *lane) {
	r.client.PauseFetchPartitions(map[string][]int32{l.Topic: {l.Partition}})
}

func (r *reader) resume(l *lane) {
	r.client.ResumeFetchPartitions(map[string][]int32{l.Topic: {l.Partition}})
}
