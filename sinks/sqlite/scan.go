package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"

	_ "modernc.org/sqlite" // the driver that people read with

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Scan gives the rows of the group's view, as one reader sees them at one time.
func (s Sink) Scan(ctx context.Context, schema *feature.Schema) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		if err := s.scan(ctx, schema, func(row feature.Stored) bool { return yield(row, nil) }); err != nil {
			yield(feature.Stored{}, fmt.Errorf("sqlite: %s: %w", s.File, err))
		}
	}
}

func (s Sink) scan(ctx context.Context, schema *feature.Schema, yield func(feature.Stored) bool) error {
	db, err := sql.Open("sqlite", s.dsn("rw", s.pragmas()))
	if err != nil {
		return err
	}
	defer db.Close()
	names := columnNames(schema, added[:shown])
	// Of the view by name: a quoted name that no column has would be a string.
	query := fmt.Sprintf(`SELECT v."%s" FROM %s AS v`, strings.Join(names, `",v."`), quote(schema.Group.Table()))
	err = each(ctx, db, len(names), func(values []any) error {
		row, err := stored(schema, values)
		if err == nil && !yield(row) {
			err = errStopped
		}
		return err
	}, query)
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

var errStopped = errors.New("the caller has enough")

// each gives the rows of a query, of so many columns, in the same memory.
func each(ctx context.Context, db *sql.DB, columns int, do func(values []any) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	values, into := make([]any, columns), make([]any, columns)
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := do(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// stored reads a row of the view: the features, then the columns beside them.
func stored(s *feature.Schema, values []any) (feature.Stored, error) {
	row := feature.Stored{Values: make([]any, len(s.Fields))}
	for i, f := range s.Fields {
		var err error
		if row.Values[i], err = decode(f, values[i]); err != nil {
			return row, err
		}
	}
	if t := s.Time(); t >= 0 {
		row.Version.Time, _ = values[t].(int64)
	}
	at := values[len(s.Fields):]
	epoch, _ := at[0].(int64)
	partition, _ := at[1].(int64)
	row.Version.Epoch, row.Version.Partition = int32(epoch), int32(partition)
	row.Version.Offset, _ = at[2].(int64)
	row.RecordTime = feature.NoTime
	if ms, ok := at[3].(int64); ok {
		row.RecordTime = ms
	}
	row.Only = at[4] != nil
	return row, nil
}
