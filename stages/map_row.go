package stages

import (
	"context"
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// row appends what becomes of row i.
func (m *mapped[In, Out]) row(ctx context.Context, rows *feature.Rows, i int, made *feature.Rows) error {
	rec := rows.Records[i]
	outcomes := [2]feature.Outcome{rows.Outcomes[0][i], rows.Outcomes[1][i]}
	switch {
	case rows.Ops[i] == feature.Delete:
		copyDelete(rows, i, made)
		made.Add(rec, feature.Delete)
	case !rows.Pending(i) && !rows.Replayed(i):
		made.AddPlaceholder(rec, outcomes[0])
	default:
		var in In
		m.in.Read(rows, i, &in)
		out, err := m.f(in)
		if err == nil {
			err = m.out.Append(made, out)
		}
		if err == nil {
			err = keyed(made, i)
		}
		if err != nil {
			if outcomes, err = m.refused(ctx, rows, i, err); err != nil {
				return err
			}
			made.AddPlaceholder(rec, outcomes[0])
			break
		}
		made.Add(rec, feature.Upsert)
	}
	made.Outcomes[0][i], made.Outcomes[1][i] = outcomes[0], outcomes[1]
	return nil
}

// keyed refuses a row that was given no key or time.
func keyed(made *feature.Rows, i int) error {
	for _, c := range made.Schema.Keys() {
		if made.Columns[c].Null(i) {
			return fmt.Errorf("column %v is null", made.Columns[c].Field)
		}
	}
	if c := made.Schema.Time(); c >= 0 && made.Columns[c].Null(i) {
		return fmt.Errorf("column %v is null", made.Columns[c].Field)
	}
	return nil
}

// refused is the outcome of a row for which f failed.
func (m *mapped[In, Out]) refused(ctx context.Context, rows *feature.Rows, i int, cause error) ([2]feature.Outcome, error) {
	switch {
	case rows.Replayed(i):
		return [2]feature.Outcome{feature.Replayed, feature.Replayed}, nil
	case errors.Is(cause, ErrFiltered):
		return [2]feature.Outcome{feature.Unwanted, feature.Unwanted}, nil
	}
	dead := [2]feature.Outcome{feature.Dead, feature.Dead}
	return dead, m.n.Reject(ctx, rows.Records[i], "map", fmt.Errorf("map: %w", cause))
}

// copyDelete takes over what columns have in common; the rest is null.
func copyDelete(rows *feature.Rows, i int, made *feature.Rows) {
	for c := range made.Columns {
		to := &made.Columns[c]
		k := rows.Schema.Index(to.Field.Name)
		if k < 0 || rows.Columns[k].Field.Kind != to.Field.Kind || rows.Columns[k].Field.Logical != to.Field.Logical || to.Append(rows.Columns[k].Value(i)) != nil {
			to.AppendNull()
		}
	}
}
