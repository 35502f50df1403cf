package sqlite

import (
	"math"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// stmt is a prepared statement.
type stmt struct {
	conn   *conn
	handle uintptr
}

func (c *conn) prepare(query string) (*stmt, error) {
	text, err := libc.CString(query)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	if err := c.check(lib.Xsqlite3_prepare_v2(c.tls, c.db, text, int32(len(query)+1), c.out, 0)); err != nil {
		return nil, err
	}
	return &stmt{c, c.made()}, nil
}

// bind gives the statement its values, those of one part after the other. Texts
// and blobs stand in bytes.
func (s *stmt) bind(bytes []byte, parts ...[]cell) error {
	held, err := s.conn.hold(bytes)
	if err != nil {
		return err
	}
	n := int32(0)
	for _, part := range parts {
		for i := range part {
			n++
			if rc := s.set(n, &part[i], held); rc != lib.SQLITE_OK {
				return s.conn.check(rc)
			}
		}
	}
	return nil
}

// set needs no destructor: the bytes stay until the next values are bound.
func (s *stmt) set(n int32, v *cell, held uintptr) int32 {
	tls, h := s.conn.tls, s.handle
	switch v.kind {
	case integer:
		return lib.Xsqlite3_bind_int64(tls, h, n, v.bits)
	case real:
		return lib.Xsqlite3_bind_double(tls, h, n, math.Float64frombits(uint64(v.bits)))
	case text:
		return lib.Xsqlite3_bind_text64(tls, h, n, held+uintptr(v.bits), uint64(v.size), 0, lib.SQLITE_UTF8)
	case blob:
		return lib.Xsqlite3_bind_blob64(tls, h, n, held+uintptr(v.bits), uint64(v.size), 0)
	}
	return lib.Xsqlite3_bind_null(tls, h, n)
}

// step says whether there is a row.
func (s *stmt) step() (bool, error) {
	switch rc := lib.Xsqlite3_step(s.conn.tls, s.handle); rc {
	case lib.SQLITE_ROW:
		return true, nil
	case lib.SQLITE_DONE:
		return false, nil
	default:
		return false, s.conn.check(rc)
	}
}

// run goes to the end, and makes the statement ready to run again.
func (s *stmt) run() error {
	row, err := s.step()
	for row && err == nil {
		row, err = s.step()
	}
	lib.Xsqlite3_reset(s.conn.tls, s.handle) // says again what step said
	return err
}

func (s *stmt) close() {
	lib.Xsqlite3_finalize(s.conn.tls, s.handle) // says again what step said
}
