package stages

import (
	"context"
	"errors"

	"github.com/tandemdata/tandem/stages/avro"
	"github.com/tandemdata/tandem/stages/wire"
)

// programs are a lane's, for the schemas that wrote its records. Each is compiled
// once. Ids that nobody knows are asked for again: any number of them can come,
// and the schema may be on its way.
type programs struct {
	from    wire.SchemaSource // nil: the format names no schemas
	resolve func(id uint64, schema string) (*avro.Program, error)
	known   map[uint64]*compiledWriter
	lastID  uint64
	last    *compiledWriter // most records have the schema of the one before
}

// compiledWriter is one writer's program, or why there is none.
type compiledWriter struct {
	program *avro.Program
	err     error
}

func newPrograms(f wire.Format, resolve func(uint64, string) (*avro.Program, error)) programs {
	from, _ := f.(wire.SchemaSource)
	return programs{from: from, resolve: resolve, known: map[uint64]*compiledWriter{}}
}

// of is the program of an id, which isn't 0.
func (p *programs) of(ctx context.Context, id uint64) (*avro.Program, error) {
	if p.last != nil && p.lastID == id {
		return p.last.program, p.last.err
	}
	known, ok := p.known[id]
	if !ok {
		if p.from == nil {
			return nil, wire.ErrUnknownSchema
		}
		schema, err := p.from.Schema(ctx, id)
		if errors.Is(err, wire.ErrUnknownSchema) {
			return nil, err
		}
		if err != nil {
			return nil, batchError{err}
		}
		program, err := p.resolve(id, schema)
		if _, ends := errors.AsType[batchError](err); ends {
			return nil, err
		}
		known = &compiledWriter{program, err}
		p.known[id] = known
	}
	p.lastID, p.last = id, known
	return known.program, known.err
}
