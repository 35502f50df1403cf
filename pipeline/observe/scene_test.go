package observe_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"go.uber.org/goleak"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/status"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const schema = `{"type": "record", "name": "Click", "fields": [{"name": "id", "type": "long"}]}`

// scene is a graph over a log that grows, with an online store that can be broken.
type scene struct {
	log   *memlog.Log
	g     *pipeline.Graph
	store *breakable
}

// breakable is a store in memory.
type breakable struct {
	memstore.Sink
	broken atomic.Bool
}

func (b *breakable) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	w, err := b.Sink.Open(ctx, n)
	return breaking{w, b}, err
}

type breaking struct {
	pipeline.Writer
	b *breakable
}

var errAway = errors.New("no answer from 10.0.0.7: <b>connection refused</b>")

func (w breaking) Write(ctx context.Context, l *feature.Lane, rows *feature.Rows) error {
	if w.b.broken.Load() {
		return pipeline.Transient(errAway)
	}
	return w.Writer.Write(ctx, l, rows)
}

func newScene(name string, partitions int) *scene {
	s := unsafeScene(name, partitions)
	s.g.DeadLetters(gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{}), "dead")
	return s
}

// unsafeScene has no dead letters: its first one stops it.
func unsafeScene(name string, partitions int) *scene {
	s := &scene{log: memlog.NewLog(name, partitions), g: pipeline.New(name), store: &breakable{}}
	s.g.Logger = slog.New(slog.DiscardHandler)
	group := feature.Group{Name: "clicks", PrimaryKey: []string{"id"}, Keys: feature.KeysStay}
	records := pipeline.From(s.g, "log", memlog.Source{Log: s.log})
	rows := pipeline.Via(records, "decode", stages.Decode{Group: group, Schema: schema})
	fresh := pipeline.Via(rows, "dedup", stages.Dedup{})
	offline := &memstore.Sink{For: feature.Offline}
	pipeline.Join(s.g, "commit", stages.Commit{},
		pipeline.To(fresh, "online", s.store), pipeline.To(pipeline.Via(fresh, "batch", stages.Batch{}), "offline", offline))
	return s
}

// send appends n rows to a partition.
func (s *scene) send(partition int32, n int) {
	list := make([]feature.Record, n)
	for i := range list {
		list[i] = feature.Record{
			Key: []byte{byte(i)}, Value: []byte{byte(i%32*2+int(partition)) * 2}, Timestamp: time.Now().UnixMilli(),
		}
	}
	s.log.Append(partition, list...)
}

func (s *scene) sendDead() {
	s.log.Append(0, feature.Record{Key: []byte("<script>alert(1)</script>"), Value: []byte{0x80}, Timestamp: time.Now().UnixMilli()})
}

// start runs the graph until the test ends.
func (s *scene) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.g.Run(ctx) }()
	t.Cleanup(func() {
		s.store.broken.Store(false)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the graph ended with %v", err)
		}
	})
	s.await(t, "running", func(g status.Graph) bool { return g.Phase == status.Running && len(g.Lanes) > 0 })
}

// await polls the graph until it is as it should be.
func (s *scene) await(t *testing.T, what string, is func(status.Graph) bool) status.Graph {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for {
		g := s.g.Status()
		if is(g) {
			return g
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not %s in time: %s", what, fmt.Sprintf("%+v", g))
		}
	}
}

// caughtUp reports whether every store holds what was sent.
func caughtUp(sent int64) func(status.Graph) bool {
	return func(g status.Graph) bool {
		n := int64(0)
		for _, l := range g.Lanes {
			n += l.Durable
		}
		return n == sent
	}
}
