package stages

import (
	"context"
	"errors"
)

// writers are a lane's programs for the schemas that wrote its records. Each is
// compiled once. Ids that nobody knows are asked for again: any number of them
// can come, and the schema may be on its way.
type writers struct {
	from    Writers // nil: the format names none
	resolve func(schema string) (program, error)
	known   map[uint64]*written
	lastID  uint64
	last    *written // most records have the schema of the one before
}

// written is one writer's program, or why there is none.
type written struct {
	program program
	err     error
}

func newWriters(f Format, resolve func(string) (program, error)) writers {
	from, _ := f.(Writers)
	return writers{from: from, resolve: resolve, known: map[uint64]*written{}}
}

// program is that of an id, which isn't 0.
func (w *writers) program(ctx context.Context, id uint64) (program, error) {
	if w.last != nil && w.lastID == id {
		return w.last.program, w.last.err
	}
	known, ok := w.known[id]
	if !ok {
		if w.from == nil {
			return nil, errWriter
		}
		schema, err := w.from.Schema(ctx, id)
		if errors.Is(err, ErrUnknownSchema) {
			return nil, err
		}
		if err != nil {
			return nil, halt{err}
		}
		known = &written{}
		known.program, known.err = w.resolve(schema)
		w.known[id] = known
	}
	w.lastID, w.last = id, known
	return known.program, known.err
}
