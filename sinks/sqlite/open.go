package sqlite

import (
	"context"
	"errors"
	"fmt"

	lib "modernc.org/sqlite/lib"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Open makes the table and its view, or checks the table that is there.
func (s Sink) Open(_ context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	c, err := s.connect("rwc")
	if err != nil {
		return nil, classify(fmt.Errorf("sqlite: open %s: %w", s.File, err))
	}
	if err := c.inTransaction(func() error { return c.prepareTable(n.Schema) }); err != nil {
		return nil, errors.Join(classify(fmt.Errorf("sqlite: %s: %w", s.File, err)), c.close())
	}
	return newWriter(s, n, c), nil
}

func (c *conn) prepareTable(s *feature.Schema) error {
	has, err := c.definition(rowsTable(s))
	if err != nil {
		return err
	}
	if has == "" {
		if err := c.exec(createTable(s)); err != nil {
			return err
		}
	}
	if err := c.prepareView(s); err != nil || s.Group.TTL == 0 {
		return err
	}
	return c.exec(createIndex(s))
}

// prepareView checks the table, and has the view show all its columns: those
// that the schema lacks too, which other processes may have added.
func (c *conn) prepareView(s *feature.Schema) error {
	has, err := c.definition(rowsTable(s))
	if err != nil {
		return err
	}
	d := define(has)
	if err := d.fit(has, s); err != nil {
		return err
	}
	view := createView(s, d.names)
	if has, err = c.definition(s.Group.Table()); err != nil || has == view {
		return err
	}
	if err := c.exec("DROP VIEW IF EXISTS " + quote(s.Group.Table())); err != nil {
		return err
	}
	return c.exec(view)
}

// definition is the statement that made a table or view, or empty.
func (c *conn) definition(name string) (string, error) {
	return c.text("SELECT sql FROM sqlite_schema WHERE name = ?", name)
}

// classify marks what may pass by itself: another process holds the lock, or
// the disk is full.
func classify(err error) error {
	var f *fault
	if errors.As(err, &f) {
		switch f.code & 0xff {
		case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_FULL:
			return pipeline.Transient(err)
		}
	}
	return err
}
