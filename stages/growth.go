package stages

import (
	"errors"
	"fmt"
	"sync"

	"github.com/tandemdata/tandem/stages/avro"
)

// growth is the schema that all lanes of a node agree on while the writers of
// its records add fields. It only ever gets columns at its end, so that the
// schema of a lane that hasn't met the newest writer begins it.
type growth struct {
	mu  sync.Mutex
	now *compiled
}

// errGrown says that a record's writer has columns that the lane doesn't know yet.
var errGrown = errors.New("the schema has grown")

func newGrowth(c *compiled) *growth {
	now := *c
	now.reader = c.reader.Growing()
	return &growth{now: &now}
}

func (g *growth) newest() *compiled {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// resolve resolves a writer's schema to the newest one, which first grows by
// what it adds. One that doesn't resolve adds nothing.
func (g *growth) resolve(id uint64, schema string) (*avro.Program, *compiled, error) {
	w, err := avro.ParseWriter(schema)
	if err != nil {
		return nil, nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	next, err := g.now.grown(w)
	if err != nil {
		return nil, nil, err
	}
	p, err := next.program(id, w)
	if err != nil {
		return nil, nil, err
	}
	g.now = next
	return p, next, nil
}

// grown is c with the columns that a writer adds, or c itself.
func (c *compiled) grown(w *avro.Writer) (*compiled, error) {
	reader, err := c.reader.Grow(w)
	if err != nil || reader == c.reader {
		return c, err
	}
	before := len(c.schema.Fields)
	schema, err := c.schema.WithColumns(reader.Fields()[before:]...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", avro.ErrIncompatible, err)
	}
	next := &compiled{schema: schema, reader: reader, format: c.format, key: c.key.grown(before, len(schema.Fields))}
	next.value, err = next.program(0, reader.Writer())
	return next, err
}
