package pipelinetest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sources/memlog"
)

// pushes is a source, and what the graph said to each batch that it pushed.
type pushes struct {
	pipeline.Source

	mu    sync.Mutex
	lanes map[feature.TopicPartition]*pushing
	moved chan struct{} // holds one if something was pushed
}

// pushing is a lane that is pushed to.
type pushing struct {
	rows, bytes, most int64 // most is the largest batch, in bytes
	next              int64
	busy              bool // inside of Push
	full              bool // the graph said so, and not yet that there is room again
}

func (p *pushes) Run(ctx context.Context, in *pipeline.SourceNode) error {
	seen := *in
	seen.Open = func(c pipeline.LaneConfig) (*pipeline.Feed, error) {
		l, ready := &pushing{}, c.Ready
		c.Ready = func() {
			p.note(func() { l.full = false })
			ready()
		}
		feed, err := in.Open(c)
		if err != nil {
			return nil, err
		}
		push := feed.Push
		feed.Push = func(list []feature.Record, span feature.Span) bool { return p.push(l, push, list, span) }
		p.note(func() { p.lanes[c.TopicPartition] = l })
		return feed, nil
	}
	return p.Source.Run(ctx, &seen)
}

// push notes that a lane is full before it can be told of room again, which may
// be while Push still runs.
func (p *pushes) push(l *pushing, to func([]feature.Record, feature.Span) bool, list []feature.Record, span feature.Span) bool {
	bytes := int64(0)
	for i := range list {
		bytes += int64(list[i].Size())
	}
	p.mu.Lock()
	l.busy, l.full = true, true
	p.mu.Unlock()
	full := to(list, span)
	p.note(func() {
		l.busy, l.full = false, l.full && full
		l.rows += int64(len(list))
		l.bytes += bytes
		l.most = max(l.most, bytes)
		l.next = span.To
	})
	return full
}

func (p *pushes) note(f func()) {
	p.mu.Lock()
	f()
	p.mu.Unlock()
	select {
	case p.moved <- struct{}{}:
	default:
	}
}

// total is the sum over all lanes, and whether each of them is full.
func (p *pushes) total() (sum pushing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum.full = true
	for _, l := range p.lanes {
		sum.rows += l.rows
		sum.bytes += l.bytes
		sum.most += l.most
		sum.full = sum.full && l.full && !l.busy
	}
	return sum
}

// paused waits until the graph wants no more of any of the lanes, or has it all.
func (p *pushes) paused(t testing.TB, lanes int, all int64) pushing {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case <-p.moved:
		case <-late:
			t.Fatal("the source is not paused")
		}
		p.mu.Lock()
		opened := len(p.lanes)
		p.mu.Unlock()
		if sum := p.total(); opened == lanes && (sum.full || sum.rows == all) {
			return sum
		}
	}
}

// Of two branches at two cadences one fails: the graph takes in as much as it
// may hold and a batch for each lane, the other branch gets all of that, and
// once the failing one is well again everything arrives at both.
func TestABranchThatFailsHoldsNoMoreThanTheGraphMay(t *testing.T) {
	for _, failing := range feature.Stores() {
		t.Run(failing.String(), func(t *testing.T) {
			c := config{
				MaxBatch: 40, Batch: [2]int{0, 60}, Delay: time.Millisecond, CommitRows: 1000, ToFile: 1000,
				CommitEvery: 10 * time.Millisecond, Memory: 20 << 10,
			}
			online, offline := onDisk(t, c)
			g := &gate{shut: func(int32) bool { return true }}
			w := newWorld(t, seeds(t, 1)[0], feature.ByEventTime, online, offline)
			other := pipelinetest.Oracle{Log: pipelinetest.NewLog(w.schema)}
			if failing == feature.Online {
				g.target, other.Offline, w.online = online, offline, g
			} else {
				g.target, other.Online, w.offline = offline, online, g
			}
			w.holdsNoMore(c, g, other)
		})
	}
}

// holdsNoMore runs the graph while the gate is shut, until its source is
// paused, and then with the gate open. other is the branch without the gate.
func (w *world) holdsNoMore(c config, g *gate, other pipelinetest.Oracle) {
	const sent = 3000
	w.send(sent)
	source := &pushes{
		Source: memlog.Source{Log: w.topic, MaxBatch: c.MaxBatch},
		lanes:  map[feature.TopicPartition]*pushing{}, moved: make(chan struct{}, 1),
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	graph := w.graph(c, w.trap(), source)
	done := make(chan error, 1)
	go func() { done <- graph.Run(ctx) }()

	held := source.paused(w, w.partitions, sent)
	if held.bytes < c.Memory || held.bytes >= c.Memory+held.most {
		w.Errorf("%d bytes are held, want %d and, on top, less than a batch for each lane, %d bytes", held.bytes, c.Memory, held.most)
	}
	other.Log.Add(source.among(w.rows)...)
	complete(w, other)
	if now := graph.Stats()[0].Rows; now != held.rows {
		w.Errorf("the source was paused at %d rows, and has pushed %d", held.rows, now)
	}

	if n := g.unlock(); n == 0 {
		w.Error("nothing was refused: nothing was tested")
	}
	complete(w, w.oracle())
	cancel()
	if err := <-done; err != nil {
		w.Error(err)
	}
	w.holds()
	if all := source.total(); all.rows != sent {
		w.Errorf("%d rows were pushed, want each of %d once", all.rows, sent)
	}
}

// among are those of the rows that were pushed.
func (p *pushes) among(rows []pipelinetest.Row) (out []pipelinetest.Row) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range rows {
		if l := p.lanes[r.TopicPartition]; l != nil && r.Offset < l.next {
			out = append(out, r)
		}
	}
	return out
}
