package stages

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// ErrFiltered is returned by the function of a Map for a row that no store
// should get: it is counted as filtered.
var ErrFiltered = errors.New("filtered")

// Map makes a stage that turns each row into another, both as structs whose
// fields are columns (see feature.Binding). The columns that come out are those
// of Out; the group's key and event time must be among them. A row for which f
// fails goes to the dead letters, as the kind "map", or is filtered for
// ErrFiltered; an error made by pipeline.Transient has the batch come again. So f
// may be called more than once for a row; rows from before a lane's start that are
// replayed go through it too. It is called for one row of a lane at a time, and for
// several lanes at once. Deletes pass by: they have no values but their key's.
func Map[In, Out any](f func(In) (Out, error)) pipeline.Spec[*feature.Rows, *feature.Rows] {
	return mapping[In, Out]{f: f}
}

type mapping[In, Out any] struct{ f func(In) (Out, error) }

// Describe gives the schema of Out, or what is wrong with either struct.
func (m mapping[In, Out]) Describe(in *feature.Schema) (*feature.Schema, error) {
	if m.f == nil {
		return nil, errors.New("Map of a nil function")
	}
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
func (m mapping[In, Out]) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	out, err := feature.Bind(reflect.TypeFor[Out](), n.Schema)
	if err != nil {
		return nil, err
	}
	return &mapped[In, Out]{mapping: m, n: n, out: out}, nil
}

type mapped[In, Out any] struct {
	mapping[In, Out]
	n   *pipeline.Node
	in  *feature.Binding
	out *feature.Binding

	pending pending[*feature.Rows]
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
	if !m.pending.of(rows.Span()) {
		if err := m.all(rows); err != nil {
			return err
		}
	}
	if err := m.pending.rejects.send(ctx, m.n, rows.TopicPartition, rows.Records); err != nil {
		return err
	}
	emit(m.pending.take())
	return nil
}

// all maps every row, and keeps what comes of it until dead letters are sent.
func (m *mapped[In, Out]) all(rows *feature.Rows) error {
	made := feature.NewRows(m.n.Schema, rows.TopicPartition)
	made.Spans = rows.Spans
	m.pending.rejects = nil
	for i := range rows.Len() {
		if err := m.row(rows, i, made); err != nil {
			return err
		}
	}
	made.Seal()
	m.pending.keep(rows.Span(), made)
	return nil
}
