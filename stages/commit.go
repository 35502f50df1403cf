package stages

import (
	"context"

	"github.com/tandemdata/tandem/pipeline"
)

// Commit joins the receipts of all sinks: it commits at a lane's source what is
// durable in every one of them.
type Commit struct{}

var _ pipeline.Spec[pipeline.Receipt, pipeline.Nothing] = Commit{}

// Open makes the commit of one lane.
func (Commit) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[pipeline.Receipt, pipeline.Nothing], error) {
	return commit{n}, nil
}

type commit struct{ node *pipeline.Node }

// Process passes a receipt on. One that comes again moves nothing.
func (c commit) Process(_ context.Context, in pipeline.Receipt, _ func(pipeline.Nothing)) error {
	c.node.Commit(in.Durable)
	return nil
}
