package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// script is a source for these tests: partitions of records "key=value", pushed
// a few at a time.
type script struct {
	Partitions [][]string
	Chunk      int  // records a push; default 3
	Follow     bool // go on until the context ends

	mu        sync.Mutex
	committed map[int32]int64
	opened    int
}

func (s *script) Check() error { return nil }

func (s *script) Run(ctx context.Context, in *pipeline.SourceNode) error {
	var lanes []*pipeline.Feed
	var pushing sync.WaitGroup
	for p := range s.Partitions {
		l, ready, err := s.open(ctx, in, int32(p))
		if err != nil {
			return err
		}
		lanes = append(lanes, l)
		pushing.Go(func() { s.push(ctx, l, ready) })
	}
	pushing.Wait()
	if s.Follow {
		<-ctx.Done()
	}
	in.End(lanes...)
	for _, l := range lanes {
		<-l.Done
	}
	return nil
}

func (s *script) open(ctx context.Context, in *pipeline.SourceNode, p int32) (*pipeline.Feed, chan struct{}, error) {
	progress, _, err := in.Progress(ctx, "log", p)
	if err != nil {
		return nil, nil, err
	}
	ready := make(chan struct{}, 1)
	s.mu.Lock()
	s.opened++
	s.mu.Unlock()
	feed, err := in.Open(pipeline.LaneConfig{
		Lane:   feature.Lane{TopicPartition: feature.TopicPartition{Topic: "log", Partition: p}, Start: progress.Counted, Resumed: progress},
		Commit: func(next int64) { s.commit(p, next) },
		Ready: func() {
			select {
			case ready <- struct{}{}:
			default:
			}
		},
	})
	return feed, ready, err
}

func (s *script) commit(p int32, next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed == nil {
		s.committed = map[int32]int64{}
	}
	s.committed[p] = next
}

func (s *script) push(ctx context.Context, l *pipeline.Feed, ready chan struct{}) {
	log := s.Partitions[l.Partition]
	for from := int(l.Start); from < len(log); {
		to := min(from+max(s.Chunk, 1), len(log))
		var list []feature.Record
		for i := from; i < to; i++ {
			list = append(list, feature.Record{Value: []byte(log[i]), Offset: int64(i), Timestamp: int64(i)})
		}
		for full := l.Push(list, feature.Span{From: int64(from), To: int64(to)}); full; full = l.Full() {
			select {
			case <-ready:
			case <-ctx.Done():
				return
			case <-l.Done:
				return
			}
		}
		from = to
	}
}

// decode is a stage that decodes "key=value"; a value of "-" is a delete.
type decode struct{}

var pairs = feature.Group{Name: "pairs", PrimaryKey: []string{"k"}}

func pairSchema() *feature.Schema {
	s, err := feature.NewSchema(pairs, []feature.Field{
		{Name: "k", Kind: feature.String}, {Name: "v", Kind: feature.Int64, Nullable: true},
	})
	if err != nil {
		panic(err)
	}
	return s
}

func (decode) Describe(*feature.Schema) (*feature.Schema, error) { return pairSchema(), nil }

func (d decode) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[feature.Records, *feature.Rows], error) {
	return decoder{n}, nil
}

type decoder struct{ n *pipeline.Node }

func (d decoder) Process(ctx context.Context, in feature.Records, emit func(*feature.Rows)) error {
	rows := feature.NewRows(d.n.Schema, in.TopicPartition)
	rows.Spans = []feature.Span{in.Span}
	for _, rec := range in.List {
		k, v, ok := strings.Cut(string(rec.Value), "=")
		x, err := strconv.ParseInt(v, 10, 64)
		switch {
		case ok && v == "-":
			_ = rows.Columns[0].Append(k)
			_ = rows.Columns[1].Append(nil)
			rows.Add(rec, feature.Delete)
		case !ok || err != nil:
			if err := d.n.Reject(ctx, rec, "undecodable", errors.New("want key=value")); err != nil {
				return err
			}
			rows.AddPlaceholder(rec, feature.Dead)
		default:
			_ = rows.Columns[0].Append(k)
			_ = rows.Columns[1].Append(x)
			rows.Add(rec, feature.Upsert)
		}
	}
	rows.Seal()
	rows.MarkReplayed(in.ReplayedBefore)
	emit(rows)
	return nil
}

// commit is the join.
type commit struct{}

func (commit) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[pipeline.Receipt, pipeline.Nothing], error) {
	return committer{n}, nil
}

type committer struct{ n *pipeline.Node }

func (c committer) Process(_ context.Context, r pipeline.Receipt, _ func(pipeline.Nothing)) error {
	c.n.Commit(r.Durable)
	return nil
}

// stage makes a spec of a function that all lanes share.
type stage func(ctx context.Context, n *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error

func (s stage) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return staged{n, s}, nil
}

type staged struct {
	n *pipeline.Node
	f stage
}

func (s staged) Process(ctx context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	return s.f(ctx, s.n, rows, emit)
}

// sample makes a log of n records a partition over a few keys.
func sample(partitions, n int) [][]string {
	logs := make([][]string, partitions)
	for p := range logs {
		for i := range n {
			logs[p] = append(logs[p], fmt.Sprintf("p%dk%d=%d", p, i%7, i))
		}
	}
	return logs
}

var quiet = slog.New(slog.DiscardHandler)
