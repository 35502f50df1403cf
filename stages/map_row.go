package stages

import (
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// row appends what becomes of row i. Its error is one that may pass.
func (m *mapped[In, Out]) row(rows *feature.Rows, i int, made *feature.Rows) error {
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
		if pipeline.IsTransient(err) {
			return at(rows.TopicPartition, rec.Offset, fmt.Errorf("map: %w", err))
		}
		if err != nil {
			outcomes = m.refused(rows, i, err)
			made.AddPlaceholder(rec, feature.Filtered)
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

// refused gives the outcomes of a row for which f failed. What a store had decided
// of it stays; one that is replayed loads into no state from here on, and was
// rejected before the lane opened.
func (m *mapped[In, Out]) refused(rows *feature.Rows, i int, cause error) (outcomes [2]feature.Outcome) {
	instead := feature.Unwanted
	if !errors.Is(cause, ErrFiltered) {
		instead = feature.Dead
		if rows.Pending(i) {
			m.pending.rejects = append(m.pending.rejects, reject{i, "map", fmt.Errorf("map: %w", cause)})
		}
	}
	for s := range outcomes {
		switch was := rows.Outcomes[s][i]; was {
		case feature.Pending:
			outcomes[s] = instead
		case feature.Replayed:
			outcomes[s] = feature.Filtered
		default:
			outcomes[s] = was
		}
	}
	return outcomes
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
