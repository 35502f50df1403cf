package pipeline_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
)

// A branch that edits a column leaves the other branch as it is, also where
// batches come again.
func TestABranchThatEditsAColumnLeavesTheOthersAlone(t *testing.T) {
	st, failed := newStores(), new(atomic.Bool)
	g := pipeline.New("edits")
	g.Logger, g.VerifyColumns = quiet, true
	rows := pipeline.Via(pipeline.From(g, "log", &script{Partitions: sample(3, 100), Chunk: 7}), "decode", decode{})
	doubled := pipeline.Via(rows, "doubled", stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
		edited := rows.Edit("v")
		v := edited.Column("v").Int64s
		for i := range v {
			v[i] *= 2
		}
		if !failed.Swap(true) {
			return pipeline.Transient(errors.New("once"))
		}
		emit(edited)
		return nil
	}))
	pipeline.Join(g, "commit", commit{}, pipeline.To(rows, "online", st.online), pipeline.To(doubled, "offline", st.offline))
	if err := run(t, g); err != nil {
		t.Fatal(err)
	}
	online, offline := contents(t, st.online), contents(t, st.offline)
	if len(online) != 21 || len(offline) != 21 {
		t.Fatalf("online holds %d keys, offline %d, want 21", len(online), len(offline))
	}
	for k, v := range online {
		if offline[k] != 2*v {
			t.Errorf("%s is %d online and %d offline, want %d", k, v, offline[k], 2*v)
		}
	}
}

// Where Check can tell what a middleware is, it says that it can't work; where it
// can't, as of one in a function, the run says so.
func TestInstantAckIsRefused(t *testing.T) {
	g := wire(&script{Partitions: sample(2, 100)}, newStores())
	g.Use(middleware.InstantAck)
	if err := g.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "Use: middleware.InstantAck can't work here") {
		t.Errorf("got %v", err)
	}
	g = wire(&script{Partitions: sample(2, 100)}, newStores())
	g.Use(func(next message.HandlerFunc) message.HandlerFunc {
		return middleware.InstantAck(next)
	})
	if err := run(t, g); err == nil || !strings.Contains(err.Error(), "acknowledged") {
		t.Errorf("got %v", err)
	}
}

func TestMiddlewareThatCannotWorkIsNamedByCheck(t *testing.T) {
	poison, err := middleware.PoisonQueue(&letters{}, "poison")
	if err != nil {
		t.Fatal(err)
	}
	for want, m := range map[string]message.HandlerMiddleware{
		"DeadLetters takes records":     poison,
		"stages.Dedup drops duplicates": (&middleware.Deduplicator{}).Middleware,
		"the second time":               middleware.Duplicator,
		"Use: middleware 0 is nil":      nil,
	} {
		g := wire(&script{}, newStores())
		g.Use(m)
		if err := g.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for _, m := range []message.HandlerMiddleware{
		middleware.Recoverer, middleware.CorrelationID, middleware.Timeout(time.Second), middleware.Retry{}.Middleware,
		middleware.NewThrottle(10, time.Second).Middleware, middleware.NewIgnoreErrors(nil).Middleware, middleware.RandomFail(0),
	} {
		g := wire(&script{}, newStores())
		g.Use(m)
		if err := g.Check(); err != nil {
			t.Errorf("%v", err)
		}
	}
}

func TestOneGraphRunsOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := wire(&script{Partitions: sample(1, 30), Follow: true}, newStores())
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { first <- g.Run(ctx) }()
		synctest.Wait() // until the first Run waits for more
		if err := g.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "running already") {
			t.Errorf("the second Run gave %v", err)
		}
		cancel()
		if err := <-first; err != nil {
			t.Error(err)
		}
		mustBalance(t, g, 30)
	})
}

func TestWhatIsNilIsNamedByCheck(t *testing.T) {
	var (
		noSource *script
		noSink   *memstore.Sink
		zero     pipeline.Flow[*feature.Rows]
	)
	for want, wires := range map[string]func(g *pipeline.Graph){
		`node "x": the source is nil`: func(g *pipeline.Graph) { pipeline.From(g, "x", nil) },
		`node "y": the source is nil`: func(g *pipeline.Graph) { pipeline.From(g, "y", noSource) },
		`node "x": the sink is nil`: func(g *pipeline.Graph) {
			pipeline.To(pipeline.Via(pipeline.From(g, "log", &script{}), "decode", decode{}), "x", nil)
		},
		`node "y": the sink is nil`: func(g *pipeline.Graph) {
			pipeline.To(pipeline.Via(pipeline.From(g, "log", &script{}), "decode", decode{}), "y", noSink)
		},
		`node "x": the stage is nil`: func(g *pipeline.Graph) {
			pipeline.Via[feature.Records, *feature.Rows](pipeline.From(g, "log", &script{}), "x", nil)
		},
		`node "y": the stage is nil`: func(g *pipeline.Graph) {
			pipeline.Via(pipeline.Via(pipeline.From(g, "log", &script{}), "decode", decode{}), "y", stage(nil))
		},
		`node "commit": the join is nil`: func(g *pipeline.Graph) { pipeline.Join(g, "commit", nil) },
		`node "commit": joins no flow`:   func(g *pipeline.Graph) { pipeline.Join(g, "commit", commit{}) },
		`node "x": follows a flow that belongs to no graph`: func(g *pipeline.Graph) {
			pipeline.Join(g, "commit", commit{}, pipeline.To(pipeline.Via(zero, "x", stage(pass)), "online", &memstore.Sink{}))
		},
		`node "commit": joins a flow that belongs to no graph`: func(g *pipeline.Graph) {
			pipeline.Join(g, "commit", commit{}, pipeline.Flow[pipeline.Receipt]{})
		},
		`DeadLetters: the publisher is nil`: func(g *pipeline.Graph) { g.DeadLetters(nil, "dead") },
		`DeadLetters: no topic`:             func(g *pipeline.Graph) { g.DeadLetters(&letters{}, "") },
		`Router: the function is nil`:       func(g *pipeline.Graph) { g.Router(nil) },
		`graph "empty" has no nodes`:        func(*pipeline.Graph) {},
	} {
		g := pipeline.New("empty")
		wires(g)
		if err := g.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestNoErrorIsNoError(t *testing.T) {
	if pipeline.Transient(nil) != nil || pipeline.Restart(nil) != nil || pipeline.IsTransient(nil) || pipeline.IsRestart(nil) {
		t.Error("nil became an error")
	}
	fatal, away := errors.New("fatal"), pipeline.Transient(errors.New("away"))
	if pipeline.IsTransient(errors.Join(fatal, away)) || !pipeline.IsTransient(errors.Join(away, away)) {
		t.Error("a fatal error that comes with a transient one is fatal")
	}
	if err := errors.Join(away, pipeline.Restart(errors.New("lost"))); pipeline.IsTransient(err) || !pipeline.IsRestart(err) {
		t.Error("a lost lane isn't retried because of a transient error beside it")
	}
}

// What can't flow doesn't build.
func TestTypesThatCannotFlowDoNotCompile(t *testing.T) {
	const head = `package main

import (
	"context"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

type spec[In, Out any] struct{}

func (spec[In, Out]) Open(context.Context, *pipeline.Node) (pipeline.Stage[In, Out], error) { return nil, nil }

func main() {
	var rows pipeline.Flow[*feature.Rows]
	var records pipeline.Flow[feature.Records]
	_, _ = rows, records
`
	for code, want := range map[string]string{
		`pipeline.Via(rows, "ok", spec[*feature.Rows, *feature.Rows]{})`:   "",
		`pipeline.Via(rows, "x", spec[*feature.Rows, string]{})`:           "string does not satisfy pipeline.Batch",
		`pipeline.Via(records, "x", spec[*feature.Rows, *feature.Rows]{})`: "type",
		`pipeline.To(records, "x", nil)`:                                   "cannot use records",
	} {
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(head+"\t"+code+"\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("go", "vet", file).CombinedOutput()
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %s", code, out)
		case want != "" && (err == nil || !strings.Contains(string(out), want)):
			t.Errorf("%s: want %q, got %v: %s", code, want, err, out)
		}
	}
}
