package parquet_test

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// session is one life of the sink. Its methods fail the test.
type session struct {
	testing.TB
	lanes  pipelinetest.Lanes
	sink   *parquet.Sink
	schema *feature.Schema
	writer pipeline.Writer

	mu     sync.Mutex
	total  map[int32]feature.Tally // durable, by partition
	failed chan error
}

// sinkIn is a sink that does nothing by itself.
func sinkIn(t testing.TB) *parquet.Sink {
	return &parquet.Sink{Warehouse: t.TempDir(), CommitEvery: time.Hour, Maintain: parquet.MaintainOff}
}

func open(t testing.TB, sink *parquet.Sink, schema *feature.Schema) *session {
	t.Helper()
	x, err := try(t, sink, schema)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(x.close)
	return x
}

// try opens a sink that may refuse. The caller closes it.
func try(t testing.TB, sink *parquet.Sink, schema *feature.Schema) (_ *session, err error) {
	x := &session{TB: t, sink: sink, schema: schema, total: map[int32]feature.Tally{}, failed: make(chan error, 10)}
	node := x.lanes.SinkNode("offline", schema, x.durable, func(err error) { x.failed <- err })
	x.writer, err = sink.Open(t.Context(), node)
	return x, err
}

func (x *session) durable(l *feature.Lane, done []feature.SpanTally) {
	x.mu.Lock()
	defer x.mu.Unlock()
	t := x.total[l.Partition]
	for _, s := range done {
		t.Add(s.Tally)
	}
	x.total[l.Partition] = t
}

func (x *session) tally(partition int32) feature.Tally {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.total[partition]
}

func (x *session) close() {
	if err := x.writer.Close(); err != nil {
		x.Errorf("close: %v", err)
	}
}

// lane opens a partition where the table says.
func (x *session) lane(partition int32) *feature.Lane {
	x.Helper()
	c := feature.Lane{TopicPartition: at(partition)}
	p, ok, err := x.writer.(pipeline.ProgressStore).Progress(x.Context(), "t", partition)
	if err != nil {
		x.Fatalf("progress: %v", err)
	}
	if ok {
		c.Resumed, c.Start = p, p.Counted
	}
	return &c
}

func (x *session) next(partition int32) int64 {
	x.Helper()
	p, _, err := x.writer.(pipeline.ProgressStore).Progress(x.Context(), "t", partition)
	if err != nil {
		x.Fatalf("progress: %v", err)
	}
	return p.Sinks["offline"].Next
}

func (x *session) write(l *feature.Lane, rows *feature.Rows) {
	x.Helper()
	if err := x.writer.Write(x.Context(), l, rows); err != nil {
		x.Fatalf("write %v: %v", rows.Span(), err)
	}
}

func (x *session) flush() {
	x.Helper()
	if err := x.writer.Flush(x.Context()); err != nil {
		x.Fatalf("flush: %v", err)
	}
}

// rows are what a scan gives, as text, in order.
func (x *session) rows() []string {
	x.Helper()
	return scan(x, x.sink, x.schema)
}

func scan(t testing.TB, sink *parquet.Sink, schema *feature.Schema) []string {
	t.Helper()
	var out []string
	for row, err := range (icescan.Table{Warehouse: sink.Warehouse}).Scan(t.Context(), schema) {
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		out = append(out, fmt.Sprintf("%v@%d:%v", row.Values, row.Version.Partition, row.Version.Offset))
	}
	slices.Sort(out)
	return out
}

func at(partition int32) feature.TopicPartition {
	return feature.TopicPartition{Topic: "t", Partition: partition}
}

// amounts is a batch of rowgen.Plain: one row for each value, with its own key.
func amounts(partition int32, from int64, values ...int64) *feature.Rows {
	s := rowgen.Plain()
	var rows []rowgen.Row
	for i, v := range values {
		rows = append(rows, rowgen.Row{Offset: from + int64(i), Key: fmt.Sprintf("key-with-a-long-beginning-%d", v), Value: v})
	}
	return rowgen.Batch(s, at(partition), rows...)
}

func want(t testing.TB, got, want []string) {
	t.Helper()
	slices.SortFunc(want, cmp.Compare)
	if !slices.Equal(got, want) {
		t.Errorf("the table has\n\t%q, want\n\t%q", got, want)
	}
}
