package pipelinetest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// faults counts how often each fault fired.
type faults map[string]int

// fired fails for each of the faults that never happened.
func (f faults) fired(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if f[name] == 0 {
			t.Errorf("%q never happened: nothing was tested", name)
		}
	}
}

var errCrash = errors.New("the process is gone")

// fault is an error in the middle of things, armed for one pass through a point.
type fault struct {
	name string
	err  error // nil: a panic
}

// The points at which a graph can be hurt, and what can happen there. A crash is
// an error that doesn't pass: nothing is flushed and the stores are reopened.
var (
	points = []string{"in a stage", "before online", "after online", "before offline", "after offline", "between nodes", "at a dead letter"}
	kinds  = []fault{
		{"crash", errCrash},
		{"refusal", pipeline.Transient(errors.New("not now"))},
		{"restart", pipeline.Restart(errors.New("the lanes are lost"))},
		{"panic", nil},
	}
)

// trap fires armed faults, each once. Its methods may be called at any time.
type trap struct {
	mu    sync.Mutex
	count faults
	armed map[string]map[int]fault // by point, by the number of passes before it
	pass  map[string]int
}

func (w *world) trap() *trap {
	return &trap{count: w.faults, armed: map[string]map[int]fault{}, pass: map[string]int{}}
}

func (t *trap) arm(point string, pass int, f fault) {
	if t.armed[point] == nil {
		t.armed[point] = map[int]fault{}
	}
	t.armed[point][pass] = f
}

// at passes a point.
func (t *trap) at(point string) error {
	t.mu.Lock()
	f, ok := t.armed[point][t.pass[point]]
	t.pass[point]++
	if ok {
		t.count[f.name+" "+point]++
		t.count[f.name]++
	}
	t.mu.Unlock()
	if ok && f.err == nil {
		panic(f.name)
	}
	return f.err
}

// middleware fails once a node has done its work, as a publish to the next does.
func (t *trap) middleware(next message.HandlerFunc) message.HandlerFunc {
	return func(m *message.Message) ([]*message.Message, error) {
		out, err := next(m)
		if err == nil {
			err = t.at("between nodes")
		}
		return out, err
	}
}

// letters is a publisher of dead letters.
type letters struct{ *trap }

func (l letters) Publish(string, ...*message.Message) error { return l.at("at a dead letter") }
func (l letters) Close() error                              { return nil }

// stage is a user's own, which fails now and then.
type stage struct{ *trap }

func (s stage) Open(context.Context, *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return s, nil
}

func (s stage) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	if err := s.at("in a stage"); err != nil {
		return err
	}
	emit(rows)
	return nil
}

// dropped notes that Dedup has dropped rows, and what the group says of its keys.
type dropped struct{ *trap }

func (d dropped) Open(context.Context, *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return d, nil
}

func (d dropped) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	for i := range rows.Len() {
		if rows.Outcomes[feature.Offline][i] == feature.Duplicate {
			d.mu.Lock()
			d.count[fmt.Sprintf("a duplicate by %v where keys %v", rows.Schema.Group.Order, rows.Schema.Group.Keys)]++
			d.mu.Unlock()
		}
	}
	emit(rows)
	return nil
}

// sick is a sink that fails before or after its work.
type sick struct {
	pipeline.Sink
	*trap
}

func (s sick) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	w, err := s.Sink.Open(ctx, n)
	out := sickWriter{w, s}
	if k, ok := w.(pipeline.ProgressStore); ok {
		return sickKeeper{out, k}, err
	}
	return out, err
}

type sickWriter struct {
	pipeline.Writer
	sick
}

type sickKeeper struct {
	sickWriter
	pipeline.ProgressStore
}

func (w sickWriter) Write(ctx context.Context, l *feature.Lane, rows *feature.Rows) error {
	name := w.Store().String()
	if err := w.at("before " + name); err != nil {
		return err
	}
	if err := w.Writer.Write(ctx, l, rows); err != nil {
		return err
	}
	return w.at("after " + name)
}

// recovered makes errors of panics, as Watermill's Recoverer does, that pass by themselves.
func recovered(next message.HandlerFunc) message.HandlerFunc {
	return func(m *message.Message) (out []*message.Message, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = pipeline.Transient(fmt.Errorf("panic: %v", p))
			}
		}()
		return next(m)
	}
}
