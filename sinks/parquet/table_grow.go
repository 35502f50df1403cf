package parquet

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var _ pipeline.Evolver = (*writer)(nil)

// Evolve adds the columns to the table, in a commit of its own. Rows that were
// written before it stay in files that lack them, whenever those are committed:
// Iceberg reads nulls there. It holds the right to commit, so that no commit reads
// the lake while it changes.
func (w *writer) Evolve(ctx context.Context, s *feature.Schema) error {
	if err := w.hold(ctx); err != nil {
		return err
	}
	defer w.letGo()
	if err := w.broken(); err != nil {
		return err
	}
	if err := race(ctx, func() error { return w.lake.grow(ctx, s) }); err != nil {
		return err
	}
	return w.endFiles()
}

// endFiles ends those of the open cut, so that rows that follow go into files of
// the new layout. As no Write is under way, none of them is out.
func (w *writer) endFiles() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.open.idle {
		if err := f.end(); err != nil {
			w.err = err
			w.notify()
			return err
		}
	}
	w.open.idle = nil
	return nil
}

// grow uses a schema from now on that may have more columns than the table.
func (l *lake) grow(ctx context.Context, s *feature.Schema) error {
	t, err := l.load(ctx)
	if err != nil {
		return err
	}
	if err := l.goOn(t); err != nil {
		return err
	}
	if t, err = l.addColumns(ctx, t, s); err != nil {
		return err
	}
	return l.take(t, s)
}

// addColumns commits the columns that the table lacks, on exactly the schema that
// it has: another process may be adding the same.
func (l *lake) addColumns(ctx context.Context, t *table.Table, s *feature.Schema) (*table.Table, error) {
	want, err := tableSchema(s)
	if err != nil {
		return nil, err
	}
	says, err := feature.ParseDescription(t.Properties()[groupProperty])
	if err != nil {
		return nil, fmt.Errorf("table %s, property %s: %w", s.Group.Table(), groupProperty, err)
	}
	c := compare(want, t.Schema())
	if wrong := append(c.changed, says.Differs(s)...); len(wrong) > 0 {
		return nil, fmt.Errorf("table %s can't grow: %s", s.Group.Table(), strings.Join(wrong, ", "))
	}
	if len(c.missing) == 0 {
		return t, nil
	}
	tx := t.NewTransaction()
	u := tx.UpdateSchema(true, false)
	for _, f := range c.missing {
		u.AddColumn([]string{f.Name}, f.Type, "", f.Required, nil)
	}
	if err := u.Commit(); err != nil {
		return nil, fmt.Errorf("adding columns to table %s: %w", s.Group.Table(), err)
	}
	if err := tx.SetProperties(iceberg.Properties{groupProperty: says.With(s).String()}); err != nil {
		return nil, err
	}
	return tx.Commit(ctx)
}
