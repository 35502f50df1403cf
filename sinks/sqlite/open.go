package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

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
	want := createTable(s)
	has, err := c.definition(rowsTable(s))
	switch {
	case err != nil:
		return err
	case has == "":
		for _, ddl := range []string{want, createIndex(s)} {
			if err := c.exec(ddl); err != nil {
				return err
			}
		}
	case has != want:
		return fmt.Errorf("the table has another shape than the rows: it is %s; the rows want %s", oneLine(has), oneLine(want))
	}
	view := createView(s)
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
	q := c.Conn.(driver.QueryerContext)
	rows, err := q.QueryContext(context.Background(), "SELECT sql FROM sqlite_schema WHERE name = ?", []driver.NamedValue{{Ordinal: 1, Value: name}})
	if err != nil {
		return "", err
	}
	defer rows.Close()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		return "", err
	}
	ddl, _ := row[0].(string)
	return ddl, nil
}

func oneLine(ddl string) string { return strings.Join(strings.Fields(ddl), " ") }

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
