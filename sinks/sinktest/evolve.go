package sinktest

import (
	"slices"
	"strings"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// tale is a log whose writers get columns on the way. Its rows have few keys
// and times, so that those of one schema replace those of another.
type tale struct {
	*fixture
	first *feature.Schema
	more  []feature.Field // columns of several types that it may get
	seed  uint64
	sent  []*feature.Rows
}

func (f *fixture) tale(seed uint64) *tale {
	f.Helper()
	first := rowgen.With(rowgen.Timed(f.order), func(g *feature.Group) { g.Evolve = true })
	var more []feature.Field
	every, refuses := rowgen.EveryType(f.order, nil), limits(f.target).CheckRows
	for _, name := range []string{"opt_int64", "opt_string", "opt_float64", "opt_decimal_18", "opt_list_int32", "opt_map_string", "opt_point"} {
		if field := every.Fields[every.Index(name)]; !refuses(field) {
			more = append(more, field)
		}
	}
	return &tale{fixture: f, first: first, more: more, seed: f.seed(seed)}
}

// grows reports whether the sink's table can get columns while it is written. One
// that can't has no use in a group with feature.Group.Evolve, and need not.
func (f *fixture) grows() bool {
	f.Helper()
	x := f.open(rowgen.With(rowgen.Timed(f.order), func(g *feature.Group) { g.Evolve = true }))
	defer x.close()
	_, ok := x.writer.(pipeline.Evolver)
	if !ok {
		f.Logf("not tested: %T is no pipeline.Evolver", x.writer)
	}
	return ok
}

// with is the first schema with more columns.
func (y *tale) with(more ...feature.Field) *feature.Schema {
	y.Helper()
	s, err := y.first.WithColumns(more...)
	if err != nil {
		y.Fatal(err)
	}
	return s
}

// next is the batch that follows in the log, of a writer with such columns.
func (y *tale) next(s *feature.Schema) *feature.Rows {
	from := int64(0)
	if n := len(y.sent); n > 0 {
		from = y.sent[n-1].Span().To
	}
	g := y.gen(s, y.seed+uint64(from), 0)
	g.Keys, g.Times, g.Extremes = 10, 4, true
	rows := g.Batch(at(0), from, 30)
	y.sent = append(y.sent, rows)
	return rows
}

// told fails unless the store holds what was sent, with nulls in the columns
// that a row's writer didn't have.
func (y *tale) told(s *feature.Schema) {
	y.Helper()
	m := newModel(s, y.target.Store())
	for _, rows := range y.sent {
		m.add(as(rows, s))
	}
	y.holds(m)
}

// as is a batch with the columns of another schema of its group.
func as(rows *feature.Rows, s *feature.Schema) *feature.Rows {
	w := *rows
	w.Schema, w.Columns = s, make([]feature.Column, len(s.Fields))
	for i, f := range s.Fields {
		if k := rows.Schema.Index(f.Name); k >= 0 {
			w.Columns[i] = rows.Columns[k]
			continue
		}
		w.Columns[i] = feature.NewColumn(f)
		for range rows.Len() {
			w.Columns[i].AppendNull()
		}
	}
	return &w
}

// evolve makes the table ready for a schema, as the graph does.
func (x *session) evolve(s *feature.Schema) {
	x.Helper()
	if err := x.tryEvolve(s); err != nil {
		x.Fatalf("evolve: %v", err)
	}
}

func (x *session) tryEvolve(s *feature.Schema) error {
	x.Helper()
	e, ok := x.writer.(pipeline.Evolver)
	if !ok {
		x.Fatalf("%T is no pipeline.Evolver", x.writer)
	}
	if err := x.target.Check(s); err != nil {
		return err
	}
	return persist(x.Context(), func() error { return e.Evolve(x.Context(), s) })
}

// columnsAppear has the table grow twice under a writer, and once where rows
// have been written that may not be durable yet.
func columnsAppear(f *fixture) {
	if !f.grows() {
		return
	}
	y := f.tale(61)
	some, all := y.with(y.more[:3]...), y.with(y.more...)
	x := y.open(y.first)
	lane := x.lane(at(0))
	x.write(lane, y.next(y.first))
	x.evolve(some)
	x.write(lane, as(y.next(y.first), some)) // what the graph makes of a batch that is under way
	x.write(lane, y.next(some))
	x.flush()
	y.told(some)
	y.told(y.first)

	x.evolve(all)
	x.flush()
	y.told(all)
	x.write(lane, y.next(all))
	x.write(lane, as(y.next(some), all))
	x.flush()
	y.told(all)
	x.close()
	y.told(all)
}

// nothingStaysBehind has a writer start again with the columns of old: the
// table takes it, and its rows have nulls where those they replace had values.
func nothingStaysBehind(f *fixture) {
	if !f.grows() {
		return
	}
	y := f.tale(62)
	all := y.with(y.more...)
	x := y.open(y.first)
	x.evolve(all)
	x.write(x.lane(at(0)), y.next(all))
	x.flush()
	y.told(all)
	x.close()

	x = y.open(y.first)
	lane := x.lane(at(0))
	x.write(lane, y.next(y.first))
	x.flush()
	y.told(all)
	x.evolve(y.with(y.more[:2]...))
	x.write(lane, y.next(y.with(y.more[:2]...)))
	x.flush()
	y.told(all)
	x.evolve(all)
	x.write(lane, y.next(all))
	x.close()

	x = y.open(all) // the group has been declared anew
	x.write(x.lane(at(0)), y.sent[len(y.sent)-1])
	x.flush()
	y.told(all)
}

// twoGrow has two writers that were opened on one table give it columns, some
// of them the same, and not in one order. A writer that lacks columns which
// another has made writes nulls there from its next lane on.
func twoGrow(f *fixture) {
	if !f.grows() {
		return
	}
	y := f.tale(63)
	some, backwards := y.with(y.more[:3]...), slices.Clone(y.more)
	slices.Reverse(backwards)
	all := y.with(backwards...)
	one, other := y.open(y.first), y.open(y.first)
	one.evolve(some)
	one.write(one.lane(at(0)), y.next(some))
	one.flush()

	lane := other.lane(at(0))
	other.write(lane, y.next(y.first))
	other.flush()
	y.told(some)
	other.evolve(all)
	other.evolve(all)
	other.write(lane, y.next(all))
	other.flush()
	y.told(all)

	one.evolve(y.with(y.more...))
	one.write(one.lane(at(0)), y.next(y.with(y.more...)))
	one.flush()
	y.told(all)
	one.close()
	other.close()
	y.open(all)
	y.told(all)
}

// growthRefused asks for what can't be: a column of two types, and one that is
// never null, which rows before it would be.
func growthRefused(f *fixture) {
	if !f.grows() {
		return
	}
	y := f.tale(64)
	int64s, texts := y.more[0], feature.Field{Name: y.more[0].Name, Kind: feature.String, Nullable: true}
	grown := y.with(int64s)
	x := y.open(y.first)
	x.evolve(grown)
	x.write(x.lane(at(0)), y.next(grown))
	x.flush()
	x.close()

	x = y.open(y.first)
	err := x.tryEvolve(y.with(texts))
	if err == nil || !strings.Contains(err.Error(), int64s.Name) || pipeline.IsTransient(err) || pipeline.IsRestart(err) {
		f.Errorf("%v became %v: want an error that names the column and doesn't pass, got %v", int64s, texts, err)
	}
	x.close()
	y.refused(y.with(texts), int64s.Name)
	y.refused(rowgen.With(y.first, func(g *feature.Group) { g.Evolve = false }), int64s.Name)

	y.told(grown)
	if limits(f.target).AllNullable {
		return
	}
	never := func(g *feature.Group) { g.Version = 2 }
	y.open(rowgen.With(y.with(feature.Field{Name: "never_null", Kind: feature.String}), never)).close()
	y.refused(rowgen.With(y.first, never), "never_null")
}
