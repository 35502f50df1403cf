package sinktest

import (
	"slices"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
)

// anotherShape opens a table with rows that it wasn't made for: another type of
// one column, another column, another primary key.
func (s suite) anotherShape(t *testing.T) {
	target := s.open(t)
	order := s.limits.Orders[0]
	text := feature.Field{Name: "id", Kind: feature.String}
	time := feature.Field{Name: rowgen.EventTime, Kind: feature.Int64, Logical: feature.TimestampMillis}
	here := feature.Field{Name: "only_here", Kind: feature.String}
	there := feature.Field{Name: "only_there", Kind: feature.String}
	amount := func(k feature.Kind) feature.Field { return feature.Field{Name: "amount", Kind: k} }

	f := &fixture{T: t, target: target, order: order}
	first := shaped(order, []string{"id"}, text, time, here, amount(feature.Int64))
	x := f.open(first)
	row := rowgen.NewBuilder(first, at(0), 0)
	row.Add(feature.Record{Timestamp: 1_000}, feature.Upsert, "a", int64(1_000), "x", int64(1))
	x.write(x.lane(at(0)), row.Rows())
	x.flush()
	x.close()
	m := newModel(first, target.Store())
	m.add(row.Rows())

	f.refused(shaped(order, []string{"id"}, text, time, there, amount(feature.String)), "amount", "only_here", "only_there")
	f.refused(shaped(order, []string{"id", "only_here"}, text, time, here, amount(feature.Int64)), "only_here")
	f.holds(m)
	f.open(first)
	f.holds(m)
}

func shaped(o feature.Order, keys []string, fields ...feature.Field) *feature.Schema {
	s, err := feature.NewSchema(feature.Group{Name: "shaped", PrimaryKey: keys, EventTime: rowgen.EventTime, Order: o}, fields)
	if err != nil {
		panic(err)
	}
	return s
}

// refused fails unless Open does, with a message that shows both shapes.
func (f *fixture) refused(s *feature.Schema, both ...string) {
	f.Helper()
	node := new(pipelinetest.Lanes).SinkNode(nodeName, s, nil, func(error) {})
	w, err := f.target.Open(f.Context(), node)
	if err == nil {
		f.Errorf("a table of another shape was accepted for %v", s)
		_ = w.Close()
		return
	}
	for _, part := range both {
		if !strings.Contains(err.Error(), part) {
			f.Errorf("the error shows no %q: %v", part, err)
		}
	}
	if pipeline.IsTransient(err) || pipeline.IsRestart(err) {
		f.Errorf("another shape will not pass by itself: %v", err)
	}
}

// refusals holds a sink to the limits that it declares: Check refuses those,
// and nothing else.
func (s suite) refusals(t *testing.T) {
	target := s.open(t)
	l := s.limits
	for _, o := range []feature.Order{feature.ByLog, feature.ByEventTime} {
		err := target.Check(rowgen.Timed(o))
		if kept := slices.Contains(l.Orders, o); kept != (err == nil) {
			t.Errorf("by %v: declared as kept: %v, but Check says: %v", o, kept, err)
		}
	}
	order := l.Orders[0]
	all := rowgen.EveryType(order, nil)
	for _, f := range all.Fields {
		if all.IsKey(all.Index(f.Name)) || f.Name == rowgen.EventTime {
			continue
		}
		timed := rowgen.Timed(order)
		alone, err := feature.NewSchema(timed.Group, append(slices.Clone(timed.Fields), f))
		if err != nil {
			t.Fatal(err)
		}
		if err := target.Check(alone); l.CheckRows(f) != (err != nil) {
			t.Errorf("%v: declared as refused: %v, but Check says: %v", f, l.CheckRows(f), err)
		}
	}
}
