package stages

import (
	"context"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// reject is a record of a batch that goes to the dead letters.
type reject struct {
	row   int
	kind  string
	cause error
}

// rejects are those of the last batch that are not yet acknowledged. Where one
// can't be sent the batch comes again, and only those that are left are sent: so
// none is sent twice, and a publisher that fails now and then holds up nothing.
type rejects []reject

func (r *rejects) send(ctx context.Context, n *pipeline.Node, p feature.TopicPartition, records []feature.Record) error {
	for ; len(*r) > 0; *r = (*r)[1:] {
		next := (*r)[0]
		if err := n.Reject(ctx, records[next.row], next.kind, next.cause); err != nil {
			return at(p, records[next.row].Offset, err)
		}
	}
	*r = nil
	return nil
}

// pending is what a stage has made of a batch and not yet emitted, because its
// dead letters come first. If the batch comes again it is there already.
type pending[T any] struct {
	span    feature.Span
	made    T
	known   bool
	rejects rejects
}

// of reports whether it is that of a batch.
func (p *pending[T]) of(span feature.Span) bool { return p.known && p.span == span }

// keep remembers what was made of a batch.
func (p *pending[T]) keep(span feature.Span, made T) { p.span, p.made, p.known = span, made, true }

// take gives it away.
func (p *pending[T]) take() T {
	made := p.made
	*p = pending[T]{}
	return made
}
