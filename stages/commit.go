package stages

import (
	"context"

	"github.com/tandemdata/tandem/pipeline"
)

// Commit joins the receipts of all sinks: it tells a lane's source how far the
// lane is durable in every one of them.
type Commit struct{}

var _ pipeline.Spec[pipeline.Receipt, pipeline.Nothing] = Commit{}

// Open makes the commit of one lane.
func (Commit) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[pipeline.Receipt, pipeline.Nothing], error) {
	return commit{n.Lane}, nil
}

type commit struct{ lane *pipeline.Lane }

// Process notes a receipt. One that comes again moves nothing.
func (c commit) Process(_ context.Context, in pipeline.Receipt, _ func(pipeline.Nothing)) error {
	if next, moved := c.lane.Advance(in); moved && c.lane.Commit != nil {
		c.lane.Commit(next)
	}
	return nil
}
