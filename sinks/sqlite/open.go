package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	sqlite3 "modernc.org/sqlite"
	code "modernc.org/sqlite/lib"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Open makes the table and its view, or checks the table that is there.
func (s Sink) Open(_ context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	c, err := connect(s.dsn("rwc"))
	if err != nil {
		return nil, classify(fmt.Errorf("sqlite: open %s: %w", s.File, err))
	}
	if err := c.inTransaction(func() error { return c.prepareTable(n.Schema) }); err != nil {
		return nil, errors.Join(classify(fmt.Errorf("sqlite: %s: %w", s.File, err)), c.Close())
	}
	return newWriter(s, n, c), nil
}

// conn is a connection that one goroutine uses. It is the driver's own: the
// pool of database/sql would copy and convert each of a batch's values again.
type conn struct{ driver.Conn }

func connect(dsn string) (conn, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return conn{}, err
	}
	defer db.Close()
	c, err := db.Driver().Open(dsn)
	return conn{c}, err
}

func (c conn) exec(query string) error {
	_, err := c.Conn.(driver.ExecerContext).ExecContext(context.Background(), query, nil)
	return err
}

// inTransaction takes the write lock first, so that it waits for other
// processes here and not in the middle.
func (c conn) inTransaction(do func() error) error {
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		err = c.exec("COMMIT")
	}
	if err != nil {
		_ = c.exec("ROLLBACK") // fails where SQLite has rolled back already
	}
	return err
}

func (c conn) prepareTable(s *feature.Schema) error {
	has, err := c.definition(rowsTable(s))
	if err != nil {
		return err
	}
	if has == "" {
		for _, ddl := range []string{createTable(s), createIndex(s)} {
			if err := c.exec(ddl); err != nil {
				return err
			}
		}
	}
	return c.prepareView(s)
}

// prepareView checks the table, and has the view show all its columns: those
// that the schema lacks too, which other processes may have added.
func (c conn) prepareView(s *feature.Schema) error {
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
func (c conn) definition(name string) (string, error) {
	v, err := c.value("SELECT sql FROM sqlite_schema WHERE name = ?", driver.NamedValue{Ordinal: 1, Value: name})
	ddl, _ := v.(string)
	return ddl, err
}

func (c conn) number(query string) (int64, error) {
	v, err := c.value(query)
	n, _ := v.(int64)
	return n, err
}

// value is that of a query's first row, or nil if it has none.
func (c conn) value(query string, args ...driver.NamedValue) (driver.Value, error) {
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(context.Background(), query, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return row[0], nil
}

// classify marks what may pass by itself: another process holds the lock, or
// the disk is full.
func classify(err error) error {
	var e *sqlite3.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case code.SQLITE_BUSY, code.SQLITE_LOCKED, code.SQLITE_FULL:
			return pipeline.Transient(err)
		}
	}
	return err
}
