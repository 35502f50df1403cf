package benchmarks

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memory"
	"github.com/tandemdata/tandem/stages"
)

// BenchmarkWhole is the whole graph with sinks that only count, and the same
// stages over plain channels, without a framework. b.N counts batches of 1,024
// rows.
func BenchmarkWhole(b *testing.B) {
	for _, lanes := range []int{1, partitions} {
		b.Run(fmt.Sprintf("graph/lanes=%d", lanes), func(b *testing.B) { whole(b, lanes, runGraph) })
		b.Run(fmt.Sprintf("channels/lanes=%d", lanes), func(b *testing.B) { whole(b, lanes, runChannels) })
	}
}

// BenchmarkWholeRatio takes turns, so that a machine that is busy now and then
// is so for both, and reports how fast the graph is beside the channels.
func BenchmarkWholeRatio(b *testing.B) {
	const batches = 200 // a lane and turn
	for _, lanes := range []int{1, partitions} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			bodies()
			var graph, channels time.Duration
			for range b.N {
				channels += timed(b, lanes, batches, runChannels)
				graph += timed(b, lanes, batches, runGraph)
			}
			b.ReportMetric(channels.Seconds()/graph.Seconds(), "graph/channels")
			b.ReportMetric(float64(b.N*lanes*batches*batchRows)/graph.Seconds(), "rows/s")
		})
	}
}

func timed(b *testing.B, lanes, batches int, run func(b *testing.B, lanes, batches int) int64) time.Duration {
	began := time.Now()
	if counted, want := run(b, lanes, batches), int64(lanes*batches*batchRows); counted != want {
		b.Fatalf("%d rows were counted in the stores, want %d", counted, want)
	}
	return time.Since(began)
}

func whole(b *testing.B, lanes int, run func(b *testing.B, lanes, batches int) int64) {
	bodies()
	each := (b.N + lanes - 1) / lanes
	b.ReportAllocs()
	b.ResetTimer()
	counted := run(b, lanes, each)
	b.StopTimer()
	if want := int64(lanes * each * batchRows); counted != want {
		b.Fatalf("%d rows were counted in the stores, want %d", counted, want)
	}
	perRow(b, lanes*each*batchRows)
}

func runGraph(b *testing.B, lanes, batches int) int64 {
	g := pipeline.New("bench")
	g.Log = quiet
	records := pipeline.From(g, "feed", feed{lanes, batches})
	rows := pipeline.Via(records, "decode", work())
	fresh := pipeline.Via(rows, "dedup", stages.Dedup{})
	ordered := pipeline.Via(fresh, "order-guard", stages.OrderGuard{})
	gathered := pipeline.Via(ordered, "batch", stages.Batch{})
	pipeline.Join("commit", stages.Commit{},
		pipeline.To(ordered, "online", &memory.Sink{Discard: true}),
		pipeline.To(gathered, "offline", &memory.Sink{For: feature.Offline, Discard: true}))
	if err := g.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
	return g.Ledger().Read
}

// runChannels is the straight line: a goroutine a stage and lane, with a channel
// of four batches between two.
func runChannels(b *testing.B, lanes, batches int) int64 {
	var all sync.WaitGroup
	var mu sync.Mutex
	counted := int64(0)
	count := func(_ *pipeline.Lane, done []feature.SpanTally) {
		mu.Lock()
		defer mu.Unlock()
		for _, d := range done {
			counted += d.Read
		}
	}
	s := schema(b)
	online := open(b, &memory.Sink{Discard: true}, s, count)
	offline := open(b, &memory.Sink{For: feature.Offline, Discard: true}, s, count)
	for p := range lanes {
		straight(b, &all, int32(p), batches, s, online, offline)
	}
	all.Wait()
	return counted / 2
}

func open(b *testing.B, sink pipeline.Sink, s *feature.Schema, durable func(*pipeline.Lane, []feature.SpanTally)) pipeline.Writer {
	w, err := sink.Open(b.Context(), pipeline.NewSinkNode("sink", s, quiet, durable, func(err error) { b.Error(err) }))
	if err != nil {
		b.Fatal(err)
	}
	return w
}

func straight(b *testing.B, all *sync.WaitGroup, p int32, batches int, s *feature.Schema, online, offline pipeline.Writer) {
	ctx := b.Context()
	lane := pipeline.NewLane(pipeline.LaneConfig{Place: feature.Place{Topic: "rows", Partition: p}}, []string{"sink"}, nil, nil)
	node := pipeline.NewNode("stage", lane, s, quiet, nil)

	in := make(chan pipeline.Records, 4)
	all.Go(func() {
		defer close(in)
		for n := range batches {
			in <- batch(p, n)
		}
	})
	rows := step(ctx, b, all, node, work(), in)
	fresh := step(ctx, b, all, node, stages.Dedup{}, rows)
	ordered := step(ctx, b, all, node, stages.OrderGuard{}, fresh)
	toOnline, toBatch := make(chan *feature.Rows, 4), make(chan *feature.Rows, 4)
	all.Go(func() {
		defer close(toOnline)
		defer close(toBatch)
		for r := range ordered {
			toOnline <- r.Fork()
			toBatch <- r.Fork()
		}
	})
	gathered := step(ctx, b, all, node, stages.Batch{}, toBatch)
	all.Go(func() { drain(ctx, b, lane, online, toOnline) })
	all.Go(func() { drain(ctx, b, lane, offline, gathered) })
}

func drain(ctx context.Context, b *testing.B, lane *pipeline.Lane, w pipeline.Writer, in <-chan *feature.Rows) {
	for r := range in {
		if err := w.Write(ctx, lane, r); err != nil {
			b.Error(err)
		}
	}
}

// step runs a stage on a goroutine of its own.
func step[In, Out any](ctx context.Context, b *testing.B, all *sync.WaitGroup, node *pipeline.Node, spec pipeline.Spec[In, Out], in <-chan In) <-chan Out {
	stage, err := spec.Open(ctx, node)
	if err != nil {
		b.Fatal(err)
	}
	out := make(chan Out, 4)
	all.Go(func() {
		defer close(out)
		for batch := range in {
			if err := stage.Process(ctx, batch, func(o Out) { out <- o }); err != nil {
				b.Error(err)
			}
		}
	})
	return out
}
