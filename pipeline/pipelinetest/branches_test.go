package pipelinetest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sources/memlog"
)

// gate is a sink that takes no rows of some lanes while it is shut.
type gate struct {
	target
	shut func(partition int32) bool

	mu      sync.Mutex
	open    bool
	refused int
	reached chan struct{} // closed by the first refusal; see first
	lanes   map[*feature.Lane]int32
}

func (g *gate) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	w, err := g.target.Open(ctx, n)
	out := gateWriter{w, g}
	if k, ok := w.(pipeline.ProgressStore); ok {
		return gateKeeper{out, k}, err
	}
	return out, err
}

type gateWriter struct {
	pipeline.Writer
	gate *gate
}

type gateKeeper struct {
	gateWriter
	pipeline.ProgressStore
}

func (w gateWriter) Write(ctx context.Context, l *feature.Lane, rows *feature.Rows) error {
	if err := w.gate.pass(l); err != nil {
		return err
	}
	return w.Writer.Write(ctx, l, rows)
}

func (g *gate) pass(l *feature.Lane) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lanes == nil {
		g.lanes = map[*feature.Lane]int32{}
	}
	g.lanes[l] = l.Partition
	if !g.open && g.shut(l.Partition) {
		if g.refused++; g.refused == 1 {
			close(g.first())
		}
		return pipeline.Transient(errors.New("shut"))
	}
	return nil
}

// first is closed once the gate has refused something. mu is held.
func (g *gate) first() chan struct{} {
	if g.reached == nil {
		g.reached = make(chan struct{})
	}
	return g.reached
}

// unlock waits until the gate has refused something, for the other branch may be
// done before the first batch gets here, and says how often it has.
func (g *gate) unlock() (refused int) {
	g.mu.Lock()
	first := g.first()
	g.mu.Unlock()
	select {
	case <-first:
	case <-time.After(time.Minute):
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = true
	return g.refused
}

// complete waits until a store has all that was sent to it, as far as sent knows.
func complete(t testing.TB, o pipelinetest.Oracle) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	late := time.After(time.Minute)
	for err := o.Check(t.Context()); err != nil; err = o.Check(t.Context()) {
		select {
		case <-look.C:
		case <-late:
			t.Fatal(err)
		}
	}
}

// While one branch fails, the other goes on, and after a crash whichever was
// behind gets every row that it missed.
func TestABranchThatFailsHoldsUpOnlyItself(t *testing.T) {
	for _, failing := range feature.Stores() {
		t.Run(failing.String(), func(t *testing.T) {
			c := config{MaxBatch: 50, Batch: [2]int{0, 60}, CommitRows: 1000, ToFile: 1000, CommitEvery: 10 * time.Millisecond}
			online, offline := onDisk(t, c)
			g := &gate{shut: func(int32) bool { return true }}
			w := newWorld(t, seeds(t, 1)[0], feature.ByEventTime, online, offline)
			other := pipelinetest.Oracle{Log: w.sent}
			if failing == feature.Online {
				g.target, other.Offline = online, offline
				w.online = g
			} else {
				g.target, other.Online = offline, online
				w.offline = g
			}
			w.send(150)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			graph := w.graph(c, w.trap(), memlog.Source{Log: w.topic, MaxBatch: c.MaxBatch})
			graph.Drain = time.Millisecond
			done := make(chan error, 1)
			go func() { done <- graph.Run(ctx) }()
			complete(t, other)
			cancel()
			if err := <-done; !errors.Is(err, pipeline.ErrDrain) {
				t.Errorf("the failing branch drained: %v", err)
			}
			if n := g.unlock(); n == 0 {
				t.Error("nothing was refused: nothing was tested")
			}
			w.send(50)
			w.run(c, w.trap())
			w.holds()
		})
	}
}

// A lane that is stuck at one sink holds up neither the other lanes nor the
// group: no lane is opened a second time.
func TestOneStuckPartitionStallsNoOther(t *testing.T) {
	w := newKafkaWorld(t, embedded(t), feature.ByLog, feature.KeysStay)
	stuck := &gate{target: w.offline, shut: func(p int32) bool { return p == 0 }}
	w.offline = stuck
	w.produceTo(1, 300)
	free := pipelinetest.NewLog(w.schema)
	free.Add(w.rows...)
	w.produceTo(0, 300)
	s := w.source()
	s.UntilEnd, s.ConsumerGroup = false, w.name
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	graph := w.graph(w.config, w.trap(), s)
	go func() { done <- graph.Run(ctx) }()
	complete(t, pipelinetest.Oracle{Log: free, Offline: stuck.target})
	if n := stuck.unlock(); n == 0 {
		t.Error("nothing was refused: nothing was tested")
	}
	o := w.oracle()
	o.Committed = nil
	complete(t, o)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	opened := map[int32]int{}
	for _, p := range stuck.lanes {
		opened[p]++
	}
	if opened[0] != 1 || opened[1] != 1 {
		t.Errorf("lanes were opened again: %v", opened)
	}
}

// produceTo sends n rows of keys of a partition's own.
func (w *kafkaWorld) produceTo(p int32, n int) {
	w.Helper()
	w.must(w.client.BeginTransaction())
	for i := range n {
		row, rec := w.row(p, "key-"+string('a'+10*p+int32(i%10)), int64(w.rand.IntN(w.times)), w.deletes+w.dead)
		row.Topic, row.Offset = w.name, int64(i)
		w.rows = append(w.rows, row)
		w.sent.Add(row)
		w.must(w.client.ProduceSync(context.Background(), w.record(row, rec)).FirstErr())
	}
	w.end(kgo.TryCommit)
}

// A clock that is wrong doesn't make every true row late: what it dates is history only.
func TestAnEventTimeInTheFarFutureNeverWins(t *testing.T) {
	c := config{MaxBatch: 20, Guard: 20, FarFuture: time.Hour, Batch: [2]int{30, 0}}
	for _, seed := range seeds(t, 10) {
		w := newWorld(t, seed, feature.ByEventTime, &memstore.Sink{}, &memstore.Sink{For: feature.Offline})
		far := int64(0)
		for range 5 {
			w.send(20)
			for range 1 + w.rand.IntN(5) {
				w.sendFuture()
				far++
			}
		}
		w.run(c, w.trap())
		w.holds()
		for p := range w.partitions {
			held, _, err := w.keeper.Progress(t.Context(), "rows", int32(p))
			if err != nil {
				t.Fatal(err)
			}
			far -= held.Sinks["online"].Tally.Filtered
		}
		if far != 0 {
			t.Errorf("seed %d: %d rows of the far future are not counted as filtered", seed, far)
		}
	}
}
