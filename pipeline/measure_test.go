package pipeline_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/measure"
)

// onRows is a stage made of a function that is called before each batch is
// passed on.
type onRows func()

func (f onRows) Open(context.Context, *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return f, nil
}

func (f onRows) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	f()
	emit(rows)
	return nil
}

func costOf(t *testing.T, m measure.Report, node string) pipeline.NodeStats {
	t.Helper()
	for _, n := range m.Nodes {
		if n.Node == node {
			return n
		}
	}
	t.Fatalf("no node %q among %v", node, m.Nodes)
	return pipeline.NodeStats{}
}

var kept [][]byte // so that what is allocated lands on the heap

func TestAllocationsOfTheProcessAreCounted(t *testing.T) {
	const batches, size = 8, 8 << 20 // too large for a sample to miss one
	allocating := onRows(func() { kept = append(kept[:0], make([]byte, size)) })
	g := wire(&script{Partitions: sample(1, 3*batches), Chunk: 3}, newStores(), onRows(func() {}), allocating)
	m, err := measure.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if m.Bytes < batches*size || m.Allocs < batches || m.Rows != 3*batches {
		t.Errorf("the process allocated %d bytes in %d pieces for %d rows, want at least %d in %d for %d", m.Bytes, m.Allocs, m.Rows, batches*size, batches, 3*batches)
	}
	if got := costOf(t, m, "stage1"); got.Rows != 3*batches || got.Batches != batches {
		t.Errorf("stage1: %+v", got)
	}
	for _, want := range []string{"stage1", "rows/s", "The others wait for"} {
		if !strings.Contains(m.String(), want) {
			t.Errorf("%q is missing in:\n%v", want, m)
		}
	}
}

func TestTheQueueInFrontOfASlowNodeIsSeen(t *testing.T) {
	filled, passed := make(chan struct{}), 0
	before := onRows(func() {
		if passed++; passed == 6 { // the edge after it holds four, and the slow node has one
			close(filled)
		}
	})
	slow := onRows(func() { <-filled })
	m, err := measure.Run(t.Context(), wire(&script{Partitions: sample(1, 30), Chunk: 3}, newStores(), before, slow))
	if err != nil {
		t.Fatal(err)
	}
	if q := costOf(t, m, "stage1"); q.QueueMost < 3 || q.QueueMost > 4 || q.Queue <= 0 || q.Queue > 4 {
		t.Errorf("the queue was %.1f on average and %d at most, want up to 4", q.Queue, q.QueueMost)
	}
}

func TestTheBottleneckIsWhatTheOthersWaitFor(t *testing.T) {
	node := func(name string, busy, blocked time.Duration) pipeline.NodeStats {
		return pipeline.NodeStats{Node: name, Source: name == "log", Busy: busy, Blocked: blocked}
	}
	for want, nodes := range map[string][]pipeline.NodeStats{
		"log":    {node("log", 0, 10*time.Millisecond), node("decode", 90*time.Millisecond, 0), node("online", 20*time.Millisecond, 0)},
		"online": {node("log", 0, 0), node("decode", 90*time.Millisecond, 700*time.Millisecond), node("online", 950*time.Millisecond, 0)},
	} {
		if got := (measure.Report{Took: time.Second, Nodes: nodes}).Bottleneck(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
