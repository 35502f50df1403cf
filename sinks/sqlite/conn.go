package sqlite

import (
	"errors"
	"fmt"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

// conn is a connection that one goroutine uses at a time, without a lock. It is
// made of SQLite's C interface and not of the driver, which spends a lock, an
// allocation and memory of C on each value: nearly as much as SQLite on a row.
type conn struct {
	tls  *libc.TLS
	db   uintptr
	out  uintptr // where SQLite puts a handle that it makes
	held uintptr // the bytes of the values that are bound
	room int     // of held
}

// fault is what SQLite says of a call that failed.
type fault struct {
	code int32
	text string
}

func (f *fault) Error() string { return f.text }

// connect opens the file with the pragmas of all connections.
func (s Sink) connect(mode string) (*conn, error) {
	c := &conn{tls: libc.NewTLS()}
	if err := c.open(s.dsn(mode, nil)); err != nil {
		return nil, errors.Join(err, c.close())
	}
	for _, pragma := range s.pragmas() {
		if err := c.exec("PRAGMA " + pragma); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (c *conn) open(uri string) error {
	if c.out = libc.Xmalloc(c.tls, types.Size_t(unsafe.Sizeof(c.out))); c.out == 0 {
		return errMemory
	}
	name, err := libc.CString(uri)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, name)
	const flags = lib.SQLITE_OPEN_READWRITE | lib.SQLITE_OPEN_CREATE | lib.SQLITE_OPEN_NOMUTEX | lib.SQLITE_OPEN_URI | lib.SQLITE_OPEN_EXRESCODE
	rc := lib.Xsqlite3_open_v2(c.tls, name, c.out, flags, 0)
	c.db = c.made() // also where it failed, to say why
	return c.check(rc)
}

// made is the handle that SQLite has put at out.
func (c *conn) made() uintptr { return *(*uintptr)(at(c.out)) }

// at is SQLite's memory at an address: the collector doesn't know it.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

var errMemory = errors.New("no memory is left")

// check is nil where a call went well.
func (c *conn) check(rc int32) error {
	if rc == lib.SQLITE_OK {
		return nil
	}
	text := libc.GoString(lib.Xsqlite3_errstr(c.tls, rc))
	if c.db != 0 {
		if more := libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db)); more != text {
			text += ": " + more
		}
	}
	return &fault{rc, fmt.Sprintf("%s (%d)", text, rc)}
}

func (c *conn) exec(query string) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	defer s.close()
	return s.run()
}

// number is the integer that a query gives.
func (c *conn) number(query string) (n int64, err error) {
	return n, c.first(query, values{}, func(s *stmt) { n = lib.Xsqlite3_column_int64(c.tls, s.handle, 0) })
}

// text is the first text that a query about a name gives, or empty.
func (c *conn) text(query, name string) (text string, err error) {
	var v values
	v.text([]byte(name))
	return text, c.first(query, v, func(s *stmt) { text = libc.GoString(lib.Xsqlite3_column_text(c.tls, s.handle, 0)) })
}

// first has a query's first row read, if there is one.
func (c *conn) first(query string, args values, read func(*stmt)) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.bind(args.bytes, args.cells); err != nil {
		return err
	}
	row, err := s.step()
	if row {
		read(s)
	}
	return err
}

// inTransaction takes the write lock first, so that it waits for other
// processes here and not in the middle.
func (c *conn) inTransaction(do func() error) error {
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

// hold copies bytes to where SQLite may read them until the next call. Whatever
// was bound before points at nothing then: a statement runs only right after it
// was given its values.
func (c *conn) hold(b []byte) (uintptr, error) {
	n := len(b) + 1 // one more, so that no value stands at 0
	if n > c.room || c.room > keptBytes && n <= keptBytes {
		room := max(n, min(2*n, keptBytes))
		libc.Xfree(c.tls, c.held)
		if c.held, c.room = libc.Xmalloc(c.tls, types.Size_t(room)), room; c.held == 0 {
			c.room = 0
			return 0, errMemory
		}
	}
	copy(unsafe.Slice((*byte)(at(c.held)), c.room), b)
	return c.held, nil
}

func (c *conn) close() error {
	err := c.check(lib.Xsqlite3_close_v2(c.tls, c.db)) // of 0 it does nothing
	libc.Xfree(c.tls, c.held)
	libc.Xfree(c.tls, c.out)
	c.tls.Close()
	return err
}
