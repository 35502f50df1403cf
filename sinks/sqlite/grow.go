package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Evolve adds the columns to the table and its view at once.
func (w *writer) Evolve(ctx context.Context, s *feature.Schema) error {
	g := growth{s, make(chan error, 1)}
	select {
	case w.growths <- g:
		return <-g.done
	case <-w.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// growth is a schema that the table shall have the columns of.
type growth struct {
	schema *feature.Schema
	done   chan error
}

// grow goes on with a schema that has more columns.
func (t *table) grow(s *feature.Schema) error {
	err := t.conn.inTransaction(func() error {
		if err := t.conn.addColumns(s); err != nil {
			return err
		}
		return t.conn.prepareView(s)
	})
	if err != nil {
		return classify(fmt.Errorf("sqlite: %w", err))
	}
	t.become(s, nil)
	return nil
}

func (c *conn) addColumns(s *feature.Schema) error {
	has, err := c.definition(rowsTable(s))
	if err != nil {
		return err
	}
	d := define(has)
	for _, f := range s.Fields {
		if slices.Contains(d.names, f.Name) {
			continue
		}
		if err := c.exec(fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s /* %v */", quote(rowsTable(s)), quote(f.Name), affinity(f), f)); err != nil {
			return err
		}
	}
	return nil
}

// become has the upserts be made anew.
func (t *table) become(s *feature.Schema, others []string) {
	t.fitTo(s, others)
	t.forget()
}

// fitTo is for a schema, and for the columns of the table that it lacks.
func (t *table) fitTo(s *feature.Schema, others []string) {
	t.schema, t.others, t.version, t.most = s, others, 0, chunk
	for shared+t.most*(len(s.Fields)+len(added)-shared) > maxVariables {
		t.most /= 2
	}
}

// look finds the columns that another process has added since the last
// transaction: each row that this one writes must have null there.
func (t *table) look() error {
	version, err := t.conn.number("PRAGMA schema_version")
	if err != nil || version == t.version {
		return err
	}
	has, err := t.conn.definition(rowsTable(t.schema))
	if err != nil {
		return err
	}
	d := define(has)
	if err := d.fit(has, t.schema); err != nil {
		return err
	}
	if others := d.beside(t.schema); !slices.Equal(others, t.others) {
		t.become(t.schema, others)
	}
	t.version = version
	return nil
}
