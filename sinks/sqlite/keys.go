package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var _ pipeline.KeyReader = Sink{}

// ShowsDeletes is true: a delete stays in the table.
func (Sink) ShowsDeletes() bool { return true }

const (
	scanSpan = 20_000 // rowids of one query, so that none holds the log back from its checkpoint for long
	scanRows = 4_096  // rows given at a time
)

// ScanKeys gives the rows of the table, deletes and rows whose life is over among
// them. A row keeps its rowid for as long as it is there, so that ranges of them can be
// read one after another while it is written.
func (s Sink) ScanKeys(ctx context.Context, schema *feature.Schema, do func(*feature.Scanned) error) error {
	r, err := s.reader(schema)
	if err != nil {
		return err
	}
	defer r.db.Close()
	var last sql.NullInt64
	if err := r.db.QueryRowContext(ctx, "SELECT max(rowid) FROM "+r.table).Scan(&last); err != nil {
		return fmt.Errorf("sqlite: %s: %w", s.File, err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			out := feature.NewScanned(schema)
			for from := next.Add(scanSpan) - scanSpan; from <= last.Int64 && ctx.Err() == nil; from = next.Add(scanSpan) - scanSpan {
				query := fmt.Sprintf("SELECT %s FROM %s WHERE rowid >= %d AND rowid < %d", r.columns, r.table, from, from+scanSpan)
				if err := r.read(ctx, out, do, query); err != nil {
					stop(fmt.Errorf("sqlite: %s: %w", s.File, err))
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// LookUp asks for one key after the other.
func (s Sink) LookUp(ctx context.Context, schema *feature.Schema, keys [][]any, do func(feature.Stored) error) error {
	r, err := s.reader(schema)
	if err != nil {
		return err
	}
	defer r.db.Close()
	var where []string
	for _, k := range schema.Group.PrimaryKey {
		where = append(where, quote(k)+" = ?")
	}
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s", r.columns, r.table, strings.Join(where, " AND "))
	out := feature.NewScanned(schema)
	for _, key := range keys {
		args := make([]any, len(key))
		for i, v := range key {
			args[i] = argument(schema.Fields[schema.Keys()[i]], v)
		}
		found := func(rows *feature.Scanned) error { return do(rows.Row(0)) }
		if err := r.read(ctx, out, found, query, args...); err != nil {
			return fmt.Errorf("sqlite: %s: %w", s.File, err)
		}
	}
	return nil
}

// reader reads a group's table through the driver that people read it with.
type reader struct {
	schema         *feature.Schema
	db             *sql.DB
	columns, table string
}

func (s Sink) reader(schema *feature.Schema) (*reader, error) {
	db, err := sql.Open("sqlite", s.dsn("rw", s.pragmas()))
	if err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", s.File, err)
	}
	names := columnNames(schema, added[:shown+1])
	// Of the table by name: a quoted name that no column has would be a string.
	return &reader{schema, db, `v."` + strings.Join(names, `",v."`) + `"`, quote(rowsTable(schema)) + " AS v"}, nil
}

// read gives the rows of a query, some at a time.
func (r *reader) read(ctx context.Context, out *feature.Scanned, do func(*feature.Scanned) error, query string, args ...any) error {
	give := func() error {
		if out.Len() == 0 {
			return nil
		}
		err := do(out)
		out.Clear()
		return err
	}
	out.Clear()
	err := each(ctx, r.db, len(r.schema.Fields)+shown+1, func(values []any) error {
		row, err := stored(r.schema, values)
		if err != nil {
			return err
		}
		row.Version.Delete = values[len(values)-1] == int64(1)
		if err := out.Add(row); err != nil || out.Len() < scanRows {
			return err
		}
		return give()
	}, query, args...)
	if err != nil {
		return err
	}
	return give()
}

// argument is a key's value as the table has it.
func argument(f feature.Field, v any) any {
	var all values
	column := feature.NewColumn(f)
	if err := column.Append(v); err != nil {
		return v // which no key is equal to
	}
	all.add(&column, 0)
	return all.argument(all.cells[0])
}
