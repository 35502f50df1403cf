package sinktest

import (
	"slices"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
)

// session is one life of the writer: what a process does between start and end.
type session struct {
	*fixture
	schema *feature.Schema
	writer pipeline.Writer
	closed bool
	lanes  pipelinetest.Lanes

	mu   sync.Mutex
	done map[*feature.Lane][]feature.SpanTally // as reported
}

// open opens the sink. The test closes it if it doesn't do so itself.
func (f *fixture) open(s *feature.Schema) *session {
	f.Helper()
	x := &session{fixture: f, schema: s, done: map[*feature.Lane][]feature.SpanTally{}}
	if err := f.target.Check(s); err != nil {
		f.Fatalf("check: %v", err)
	}
	fail := func(err error) { f.Errorf("the sink failed: %v", err) }
	node := x.lanes.SinkNode(nodeName, s, x.durable, fail)
	err := persist(f.Context(), func() (err error) {
		x.writer, err = f.target.Open(f.Context(), node)
		return err
	})
	if err != nil {
		f.Fatalf("open: %v", err)
	}
	f.Cleanup(x.close)
	return x
}

// durable notes a report, as the graph does.
func (x *session) durable(lane *feature.Lane, done []feature.SpanTally) {
	x.mu.Lock()
	x.done[lane] = append(x.done[lane], done...)
	x.mu.Unlock()
}

func (x *session) reported(lane *feature.Lane) []feature.SpanTally {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.done[lane])
}

// lane opens a lane where the store says, as the graph does. Other sinks of the
// same graph can be named: as none of them ever reports, the lane opens at 0
// again, however far this sink is.
func (x *session) lane(p feature.TopicPartition, others ...string) *feature.Lane {
	x.Helper()
	l := feature.Lane{TopicPartition: p, TopicID: topicID}
	if k, ok := x.writer.(pipeline.ProgressStore); ok {
		resumed, found, err := k.Progress(x.Context(), p.Topic, p.Partition)
		if err != nil {
			x.Fatalf("progress: %v", err)
		}
		if found && resumed.Epoch == p.Epoch {
			l.Resumed, l.Start = resumed, resumed.Counted
		}
	}
	return x.lanes.Open(l, append([]string{nodeName}, others...)...)
}

// write gives the sink a copy of the batch, and spoils it once it is let go of.
func (x *session) write(lane *feature.Lane, rows *feature.Rows) {
	x.Helper()
	x.writeTimes(lane, rows, 1)
}

// writeTwice delivers the batch again, as after an error that came late.
func (x *session) writeTwice(lane *feature.Lane, rows *feature.Rows) {
	x.Helper()
	x.writeTimes(lane, rows, 2)
}

func (x *session) writeTimes(lane *feature.Lane, rows *feature.Rows, times int) {
	x.Helper()
	c := copyOf(rows)
	defer spoil(c)
	for range times {
		if err := x.try(lane, c); err != nil {
			x.Fatalf("write %v of partition %d: %v", c.Span(), c.Partition, err)
		}
	}
}

func (x *session) try(lane *feature.Lane, rows *feature.Rows) error {
	return persist(x.Context(), func() error { return x.writer.Write(x.Context(), lane, rows) })
}

func (x *session) flush() {
	x.Helper()
	if err := persist(x.Context(), func() error { return x.writer.Flush(x.Context()) }); err != nil {
		x.Fatalf("flush: %v", err)
	}
}

// close ends the session once; the fixture's context is over by then, so that
// what hangs is seen.
func (x *session) close() {
	if x.closed {
		return
	}
	x.closed = true
	if err := x.writer.Close(); err != nil {
		x.Errorf("close: %v", err)
	}
}

// copyOf shares nothing with rows.
func copyOf(rows *feature.Rows) *feature.Rows {
	c := feature.NewRows(rows.Schema, rows.TopicPartition)
	c.Extend(rows)
	return c
}

// spoil overwrites a batch: a sink that kept it writes nonsense, and the race
// detector sees it.
func spoil(rows *feature.Rows) {
	for i := range rows.Columns {
		spoilColumn(&rows.Columns[i])
	}
	rows.Seal()
	clear(rows.Records)
	for i := range rows.Ops {
		rows.Ops[i] = feature.Delete
	}
}

func spoilColumn(c *feature.Column) {
	for i := range c.Valid {
		c.Valid[i] = !c.Valid[i]
	}
	for i := range c.Bools {
		c.Bools[i] = !c.Bools[i]
	}
	fill(c.Int32s, -77)
	fill(c.Int64s, -77)
	fill(c.Float32s, -77)
	fill(c.Float64s, -77)
	fill(c.Bytes, '#')
	for i := range c.Children {
		spoilColumn(&c.Children[i])
	}
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}
