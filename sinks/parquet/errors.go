package parquet

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tandemdata/tandem/pipeline"
)

// classify marks errors as transient that may pass by themselves: those of the
// file system and the database, and timeouts.
func classify(err error) error {
	if err == nil || pipeline.IsRestart(err) || pipeline.IsTransient(err) {
		return err
	}
	var path *fs.PathError
	var errno syscall.Errno
	if errors.Is(err, fs.ErrNotExist) {
		return err // a file that the table names is gone
	}
	if errors.As(err, &path) || errors.As(err, &errno) || busy(err) || errors.Is(err, errMoved) || errors.Is(err, context.DeadlineExceeded) {
		return pipeline.Transient(err)
	}
	return err
}

func busy(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return true
	}
	return false
}
