package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// chunk is the most rows of one statement: past it, statements only get longer.
const chunk = 64

// maxVariables is SQLite's bound of a statement.
const maxVariables = 32766

// table writes to one group's table through one connection.
type table struct {
	conn    conn
	schema  *feature.Schema
	others  []string            // columns of the table that the schema lacks
	version int64               // of the file's definitions when others were read
	purge   driver.Stmt         // nil without a TTL
	stmts   map[int]driver.Stmt // upserts of 1, 2, 4 … rows, prepared when first needed
	args    []driver.NamedValue // of one row after the other
	most    int
	json    []byte
}

func newTable(c conn, s *feature.Schema) *table {
	t := &table{conn: c, stmts: map[int]driver.Stmt{}}
	t.fitTo(s, nil)
	return t
}

// write puts the live rows of some batches into one transaction.
func (t *table) write(group []job) error {
	return classify(t.conn.inTransaction(func() error {
		if err := t.look(); err != nil {
			return err
		}
		if err := t.expire(); err != nil {
			return err
		}
		for _, j := range group {
			if err := t.put(j.rows); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (t *table) expire() error {
	if t.schema.Group.TTL == 0 {
		return nil
	}
	if t.purge == nil {
		var err error
		if t.purge, err = t.conn.Prepare(purge(t.schema)); err != nil {
			return err
		}
	}
	return run(t.purge, nil)
}

func (t *table) put(rows *feature.Rows) error {
	t.args = t.args[:0]
	n := 0
	for i := range rows.Len() {
		if rows.Fates[feature.Online][i] != feature.Live {
			continue
		}
		t.bind(rows, i)
		if n++; n == t.most {
			if err := t.upsert(t.args, n); err != nil {
				return err
			}
			t.args, n = t.args[:0], 0
		}
	}
	return t.rest(n)
}

// rest writes what doesn't fill a chunk by statements of powers of two.
func (t *table) rest(n int) error {
	args, width := t.args, len(t.schema.Fields)+len(added)
	for size := t.most / 2; size > 0; size /= 2 {
		if n&size == 0 {
			continue
		}
		part := args[:size*width]
		for i := range part {
			part[i].Ordinal = i + 1
		}
		if err := t.upsert(part, size); err != nil {
			return err
		}
		args = args[size*width:]
	}
	return nil
}

func (t *table) upsert(args []driver.NamedValue, rows int) error {
	stmt, ok := t.stmts[rows]
	if !ok {
		var err error
		if stmt, err = t.conn.Prepare(upsert(t.schema, t.others, rows)); err != nil {
			return err
		}
		t.stmts[rows] = stmt
	}
	return run(stmt, args)
}

// run needs no context: a write is short, and one that is cut off half-way
// would only have to be written again.
func run(stmt driver.Stmt, args []driver.NamedValue) error {
	_, err := stmt.(driver.StmtExecContext).ExecContext(context.Background(), args)
	return err
}

// forget closes the upserts.
func (t *table) forget() error {
	var errs []error
	for _, stmt := range t.stmts {
		errs = append(errs, stmt.Close())
	}
	clear(t.stmts)
	return errors.Join(errs...)
}

func (t *table) close() error {
	err := t.forget()
	if t.purge != nil {
		err = errors.Join(err, t.purge.Close())
	}
	return errors.Join(err, t.conn.Close())
}
