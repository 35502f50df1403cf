package engine

import (
	"context"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// fit gives the batch all columns that the table is ready for, which it first
// makes ready for those of the batch. It leaves growing held to write.
func (st *store) fit(ctx context.Context, rows *feature.Rows) (*feature.Rows, error) {
	st.growing.RLock()
	for len(st.schema.Fields) < len(rows.Schema.Fields) {
		st.growing.RUnlock()
		if err := st.evolve(ctx, rows.Schema); err != nil {
			return nil, err
		}
		st.growing.RLock()
	}
	return rows.Widen(st.schema), nil
}

func (st *store) evolve(ctx context.Context, s *feature.Schema) error {
	st.growing.Lock()
	defer st.growing.Unlock()
	if len(st.schema.Fields) >= len(s.Fields) { // another lane was faster
		return nil
	}
	e, ok := st.w.(evolver)
	if !ok {
		return fmt.Errorf("the sink's table can't get the columns of %v", s)
	}
	if err := st.n.CheckSink(s); err != nil {
		return err
	}
	if err := e.Evolve(ctx, s); err != nil {
		return err
	}
	st.schema = s
	return nil
}
