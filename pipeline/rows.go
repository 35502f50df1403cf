package pipeline

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// ErrFiltered is returned by the function of a Map for a row that no store
// should get: it is counted as filtered.
var ErrFiltered = errors.New("filtered")

// Filter makes a stage that keeps the rows for which keep is true. The others,
// deletes among them, are counted as filtered.
func Filter(keep func(feature.Row) bool) Spec[*feature.Rows, *feature.Rows] { return filter{keep} }

type filter struct{ keep func(feature.Row) bool }

func (f filter) Open(context.Context, *Node) (Stage[*feature.Rows, *feature.Rows], error) {
	return f, nil
}

func (f filter) Process(_ context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	for i := range rows.Len() {
		if (rows.Pending(i) || rows.Replayed(i)) && !f.keep(rows.Row(i)) {
			rows.Drop(i, feature.Unwanted)
			rows.ExcludeFromReplay(i)
		}
	}
	emit(rows)
	return nil
}

// Map makes a stage that turns each row into another, both as structs whose
// fields are columns (see feature.Binding). The columns that come out are those
// of Out; the group's key and event time must be among them. A row for which f
// fails goes to the dead letters, or is filtered for ErrFiltered. Deletes pass
// by: they have no values but their key's.
func Map[In, Out any](f func(In) (Out, error)) Spec[*feature.Rows, *feature.Rows] {
	return mapping[In, Out]{f: f}
}

type mapping[In, Out any] struct{ f func(In) (Out, error) }

// Describe is Describer's.
func (m mapping[In, Out]) Describe(in *feature.Schema) (*feature.Schema, error) {
	if in == nil {
		return nil, errors.New("the columns of its rows are not known")
	}
	if _, err := feature.Bind(reflect.TypeFor[In](), in); err != nil {
		return nil, err
	}
	fields, err := feature.Fields(reflect.TypeFor[Out](), in)
	if err != nil {
		return nil, err
	}
	out, err := feature.NewSchema(in.Group, fields)
	if err != nil {
		return nil, err
	}
	return out, keepsIdentity(in, out)
}

// keepsIdentity: deletes pass by with their keys and times as they are.
func keepsIdentity(in, out *feature.Schema) error {
	names := in.Group.PrimaryKey
	if in.Group.EventTime != "" {
		names = append(names[:len(names):len(names)], in.Group.EventTime)
	}
	var errs []error
	for _, name := range names {
		a, b := in.Fields[in.Index(name)], out.Fields[out.Index(name)]
		if a.Kind != b.Kind || a.Logical != b.Logical || a.Size != b.Size {
			errs = append(errs, fmt.Errorf("column %v becomes %v: deletes would lose it", a, b))
		}
	}
	return errors.Join(errs...)
}

// Open makes the stage of a lane.
func (m mapping[In, Out]) Open(_ context.Context, n *Node) (Stage[*feature.Rows, *feature.Rows], error) {
	out, err := feature.Bind(reflect.TypeFor[Out](), n.Schema)
	if err != nil {
		return nil, err
	}
	return &mapped[In, Out]{mapping: m, n: n, out: out}, nil
}

type mapped[In, Out any] struct {
	mapping[In, Out]
	n   *Node
	in  *feature.Binding
	out *feature.Binding
}

// Process maps a batch row by row into columns of its own.
func (m *mapped[In, Out]) Process(ctx context.Context, rows *feature.Rows, emit func(*feature.Rows)) error {
	if m.in == nil {
		in, err := feature.Bind(reflect.TypeFor[In](), rows.Schema)
		if err != nil {
			return err
		}
		m.in = in
	}
	made := feature.NewRows(m.n.Schema, rows.TopicPartition)
	made.Spans = rows.Spans
	for i := range rows.Len() {
		if err := m.row(ctx, rows, i, made); err != nil {
			return err
		}
	}
	made.Seal()
	emit(made)
	return nil
}

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
