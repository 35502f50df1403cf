package pipelinetest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

// config is one way to run the same log. Zero leaves a stage out.
type config struct {
	MaxBatch           int // records of a hand-over
	Dedup, Guard       int // keys remembered
	ReadBack           int
	Batch              [2]int // rows, by store
	Delay              time.Duration
	Memory             int64
	Retry              bool // a middleware of its own tries again
	CommitRows, ToFile int
	CommitEvery        time.Duration
	FarFuture          time.Duration // of the order guard
}

func random(r *rand.Rand) config {
	maybe := func(n int) int { return r.IntN(2) * (1 + r.IntN(n)) }
	return config{
		MaxBatch: 1 + r.IntN(40), Dedup: maybe(30), Guard: maybe(30), ReadBack: maybe(60) - 1,
		Batch: [2]int{maybe(50), maybe(200)}, Delay: time.Duration(maybe(3)) * time.Millisecond,
		Memory: int64(maybe(20_000)), Retry: r.IntN(2) == 0,
		CommitRows: 1 + r.IntN(100), ToFile: 5 + r.IntN(100), CommitEvery: time.Duration(1+r.IntN(30)) * time.Millisecond,
	}
}

func (c config) String() string { type plain config; return fmt.Sprintf("%+v", plain(c)) }

// inMemory are stores that take a fraction of a millisecond to open.
func inMemory(r *rand.Rand) (online, offline target) {
	return &memstore.Sink{HoldRows: r.IntN(2) * r.IntN(40)}, &memstore.Sink{For: feature.Offline, HoldRows: r.IntN(2) * r.IntN(100)}
}

func onDisk(t testing.TB, c config) (online, offline target) {
	dir := t.TempDir()
	return &sqlite.Sink{File: filepath.Join(dir, "online.db"), GroupRows: c.CommitRows},
		judged(&parquet.Sink{
			Warehouse: filepath.Join(dir, "warehouse"), CommitEvery: c.CommitEvery, CommitRows: c.CommitRows, FileRows: c.ToFile,
			OrphanAge: -1,
		})
}

// judged has a table read by software that isn't the sink's.
func judged(s *parquet.Sink) target { return table{s, icescan.Table{Warehouse: s.Warehouse}} }

type table struct {
	*parquet.Sink
	icescan.Table
}

func (t table) Scan(ctx context.Context, s *feature.Schema) iter.Seq2[feature.Stored, error] {
	return t.Table.Scan(ctx, s)
}

// graph wires the whole of it, with faults where the trap has them.
func (w *world) graph(c config, t *trap, source pipeline.Source) *pipeline.Graph {
	g := pipeline.New("g")
	g.Logger, g.Memory = slog.New(slog.DiscardHandler), c.Memory
	g.DeadLetters(letters{t}, "dead")
	g.Use(recovered)
	if c.Retry {
		g.Use(retried)
	}
	g.Use(t.middleware)
	raw := pipeline.From(g, "log", source)
	rows := pipeline.Via(raw, "decode", decode(w.schema.Group.Order, w.schema.Group.Keys))
	if c.Dedup > 0 {
		rows = pipeline.Via(rows, "dedup", stages.Dedup{MaxKeys: c.Dedup, ReadBack: c.ReadBack, OffsetsOnly: !w.schema.Group.KeysStay()})
		rows = pipeline.Via(rows, "dropped", dropped{t})
	}
	if c.Guard > 0 {
		rows = pipeline.Via(rows, "order-guard", stages.OrderGuard{MaxKeys: c.Guard, ReadBack: c.ReadBack, FarFuture: c.FarFuture})
	}
	rows = pipeline.Via(rows, "own", stage{t})
	branch := func(store feature.Store) pipeline.Flow[*feature.Rows] {
		if c.Batch[store] == 0 {
			return rows
		}
		return pipeline.Via(rows, "batch-"+store.String(), stages.Batch{MaxRows: c.Batch[store], Delay: c.Delay})
	}
	pipeline.Join(g, "commit", stages.Commit{},
		pipeline.To(branch(feature.Online), "online", sick{w.online, t}),
		pipeline.To(branch(feature.Offline), "offline", sick{w.offline, t}))
	return g
}

// run runs a graph to the end of the log. Of errors only a crash is expected.
func (w *world) run(c config, t *trap) (crashed bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := w.graph(c, t, memlog.Source{Log: w.topic, Epoch: w.epoch, UntilEnd: true, MaxBatch: c.MaxBatch}).Run(ctx)
	if err != nil && !errors.Is(err, errCrash) || ctx.Err() != nil {
		w.Fatalf("%v: %v (%v)", c, err, ctx.Err())
	}
	return err != nil
}
