package stagetest

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// scene is one test of a stage.
type scene[In, Out pipeline.Batch] struct {
	testing.TB
	Harness[In, Out]
	seed uint64
}

// batches are those of a partition; each call gives new ones that are equal.
func (s scene[In, Out]) batches(partition int32) []In {
	s.Helper()
	list := s.Batches(rand.New(rand.NewPCG(s.seed, uint64(partition))), partition)
	if len(list) == 0 {
		s.Fatal("the harness gives no batches")
	}
	return list
}

// node is what the lanes of a stage share.
type node struct {
	schema  *feature.Schema
	slots   map[any]any
	rejects []int64      // offsets
	fail    func() error // before a dead letter is taken
}

func (s scene[In, Out]) node() *node {
	s.Helper()
	n := &node{schema: s.Schema, slots: map[any]any{}}
	if d, ok := s.Spec.(pipeline.Describer); ok {
		out, err := d.Describe(s.Schema)
		if err != nil {
			s.Fatalf("Describe: %v", err)
		}
		n.schema = out
	}
	return n
}

// driver is the stage of one lane.
type driver[In, Out pipeline.Batch] struct {
	s     scene[In, Out]
	stage pipeline.Stage[In, Out]
	out   []Out
}

func (s scene[In, Out]) open(n *node, partition int32, start int64) *driver[In, Out] {
	s.Helper()
	lane := &feature.Lane{TopicPartition: feature.TopicPartition{Topic: "stagetest", Partition: partition}, Start: start}
	stage, err := s.Spec.Open(context.Background(), &pipeline.Node{
		Name: "stage", Lane: lane, Schema: n.schema, Logger: slog.New(slog.DiscardHandler),
		Reject: func(_ context.Context, rec feature.Record, kind string, cause error) error {
			if kind == "" || cause == nil {
				s.Errorf("rejected offset %d as kind %q for %v", rec.Offset, kind, cause)
			}
			if n.fail != nil {
				if err := n.fail(); err != nil {
					return err
				}
			}
			n.rejects = append(n.rejects, rec.Offset)
			return nil
		},
		Idle: func() bool { return false }, WakeAfter: func(time.Duration) {}, Commit: func(int64) {},
		Slot: func(key any, make func() any) any {
			if n.slots[key] == nil {
				n.slots[key] = make()
			}
			return n.slots[key]
		},
	})
	if err != nil {
		s.Fatalf("Open: %v", err)
	}
	return &driver[In, Out]{s: s, stage: stage}
}

// try gives the stage a batch once.
func (d *driver[In, Out]) try(in In) error {
	kept := len(d.out)
	err := d.stage.Process(context.Background(), in, func(o Out) { d.out = append(d.out, o) })
	if err != nil {
		d.out = d.out[:kept]
	}
	return err
}

// give gives the stage a batch, again as long as that fails and may pass.
func (d *driver[In, Out]) give(in In) {
	d.s.Helper()
	for range 1000 {
		err := d.try(fork(in))
		if err == nil {
			return
		}
		if !pipeline.IsTransient(err) {
			d.s.Fatalf("Process: %v", err)
		}
	}
	d.s.Fatal("Process fails for ever")
}

// end flushes what a stage keeps and closes it.
func (d *driver[In, Out]) end() []Out {
	d.s.Helper()
	if f, ok := d.stage.(pipeline.Flusher[Out]); ok {
		if err := f.Flush(context.Background(), pipeline.FlushEnd, func(o Out) { d.out = append(d.out, o) }); err != nil {
			d.s.Fatalf("Flush: %v", err)
		}
	}
	if c, ok := d.stage.(interface{ Close() }); ok {
		c.Close()
	}
	return d.out
}

// run gives a fresh stage all batches.
func (s scene[In, Out]) run(list []In) []Out {
	s.Helper()
	d := s.open(s.node(), 0, 0)
	for _, in := range list {
		d.give(in)
	}
	return d.end()
}

var errAway = pipeline.Transient(errors.New("stagetest: the dead letters are away"))

// same compares the rows of two runs.
func (s scene[In, Out]) same(want, got []string, what string) {
	s.Helper()
	if len(want) != len(got) {
		s.Fatalf("%s: %d rows, not %d", what, len(got), len(want))
	}
	for i := range want {
		if want[i] != got[i] {
			s.Fatalf("%s:\n got %s\nwant %s", what, got[i], want[i])
		}
	}
}
