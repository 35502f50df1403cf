package pipeline

import (
	"context"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// runner is a stage without its types.
type runner interface {
	process(ctx context.Context, in any, emit func(any)) error
	flush(ctx context.Context, why FlushReason, emit func(any)) error
	holds() bool
}

func opener[In, Out any](s Spec[In, Out]) func(context.Context, *Node) (runner, error) {
	return func(ctx context.Context, n *Node) (runner, error) {
		stage, err := s.Open(ctx, n)
		if err != nil {
			return nil, err
		}
		holder, _ := stage.(Flusher[Out])
		return typed[In, Out]{stage, holder}, nil
	}
}

type typed[In, Out any] struct {
	stage  Stage[In, Out]
	holder Flusher[Out]
}

func (t typed[In, Out]) holds() bool { return t.holder != nil }

func (t typed[In, Out]) process(ctx context.Context, in any, emit func(any)) error {
	batch, ok := in.(In)
	if !ok {
		return fmt.Errorf("was given a %T, wants a %T", in, batch)
	}
	return t.stage.Process(ctx, batch, func(out Out) { emit(out) })
}

func (t typed[In, Out]) flush(ctx context.Context, why FlushReason, emit func(any)) error {
	if t.holder == nil {
		return nil
	}
	return t.holder.Flush(ctx, why, func(out Out) { emit(out) })
}

// extent is the span of a batch, if it has one.
func extent(batch any) (feature.Span, bool) {
	switch b := batch.(type) {
	case Records:
		return b.Span, true
	case *feature.Rows:
		return b.Span(), true
	}
	return feature.Span{}, false
}

// spansOf lists what a batch stands for, as the source cut it.
func spansOf(batch any) []feature.Span {
	switch b := batch.(type) {
	case Records:
		return []feature.Span{b.Span}
	case *feature.Rows:
		return b.Spans
	}
	return nil
}

// size is the number of rows of a batch.
func size(batch any) int {
	switch b := batch.(type) {
	case Records:
		return len(b.List)
	case *feature.Rows:
		return b.Len()
	}
	return 1
}

// placeOf says where a batch begins, for errors.
func placeOf(l *Lane, batch any) string {
	if s, ok := extent(batch); ok {
		return place(l.TopicPartition, s.From)
	}
	return fmt.Sprintf("%s/%d", l.Topic, l.Partition)
}

// fork gives a branch its own outcomes.
func fork(batch any) any {
	if r, ok := batch.(*feature.Rows); ok {
		return r.Fork()
	}
	return batch
}
