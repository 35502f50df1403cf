package registry

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tandemdata/tandem/stages/wire"
)

// mostReferences is how many schemas one may refer to, directly or not.
const mostReferences = 256

// version names a schema by its place in the registry.
type version struct {
	subject string
	number  int
}

// references fetches all that a schema refers to.
type references struct {
	client *sr.Client
	asked  map[version]bool
	named  names
}

// collect asks for each schema once, even where two refer to each other.
func (r *references) collect(ctx context.Context, list []sr.SchemaReference) error {
	for _, ref := range list {
		at := version{ref.Subject, ref.Version}
		if r.asked[at] {
			continue
		}
		if len(r.asked) == mostReferences {
			return fmt.Errorf("it refers to more than %d schemas: %w", mostReferences, wire.ErrUnknownSchema)
		}
		r.asked[at] = true
		got, err := r.client.SchemaByVersion(ctx, ref.Subject, ref.Version)
		if err != nil {
			return fmt.Errorf("reference %s, version %d of %s: %w", ref.Name, ref.Version, ref.Subject, classify(err))
		}
		if err := r.named.define(got.Schema.Schema); err != nil {
			return fmt.Errorf("reference %s, version %d of %s: %w", ref.Name, ref.Version, ref.Subject, err)
		}
		if err := r.collect(ctx, got.References); err != nil {
			return err
		}
	}
	return nil
}
