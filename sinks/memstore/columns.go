package memstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// identity is what all sessions of a table must agree on.
func identity(g feature.Group) string {
	return fmt.Sprintf("primary key (%s), event time %q, by %v", strings.Join(g.PrimaryKey, ", "), g.EventTime, g.Order)
}

func shape(s *feature.Schema) string { return fmt.Sprintf("(%v) with %s", s, identity(s.Group)) }

// fit fails unless a table has the columns of the rows, and no others: but for
// those that may be null, where the group may grow.
func fit(has, rows *feature.Schema) error {
	ok := identity(has.Group) == identity(rows.Group)
	if !rows.Group.Evolve {
		ok = ok && has.String() == rows.String()
	}
	for _, f := range rows.Fields {
		i := has.Index(f.Name)
		ok = ok && i >= 0 && has.Fields[i].Equal(f)
	}
	for _, f := range has.Fields {
		ok = ok && (f.Nullable || rows.Index(f.Name) >= 0)
	}
	if !ok {
		return fmt.Errorf("memstore: table %q holds %s; the rows are %s", rows.Group.Table(), shape(has), shape(rows))
	}
	return nil
}

// grow adds the columns that the table lacks. Rows that are there stay as short
// as they are.
func (t *table) grow(s *feature.Schema) error {
	missing := slices.DeleteFunc(slices.Clone(s.Fields), func(f feature.Field) bool { return t.schema.Index(f.Name) >= 0 })
	grown, err := t.schema.WithColumns(missing...)
	if err != nil {
		return err
	}
	if err := fit(grown, s); err != nil {
		return err
	}
	t.schema = grown
	return nil
}

// columns are where the table has those of a schema; -1 where it hasn't.
func (t *table) columns(s *feature.Schema) []int {
	out := make([]int, len(s.Fields))
	for i, f := range s.Fields {
		out[i] = t.schema.Index(f.Name)
	}
	return out
}

// pick gives the values of some columns, null where a row is too short to have them.
func pick(values []any, columns []int) []any {
	out := make([]any, len(columns))
	for i, c := range columns {
		if c >= 0 && c < len(values) {
			out[i] = values[c]
		}
	}
	return out
}

// Evolve adds columns to the table.
func (w *writer) Evolve(_ context.Context, s *feature.Schema) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	if err := w.table.grow(s); err != nil {
		return err
	}
	w.columns = w.table.columns(s)
	return nil
}

// Evolve has no table to change.
func (d *discarder) Evolve(context.Context, *feature.Schema) error { return nil }
