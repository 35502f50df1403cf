package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	_ "modernc.org/sqlite"

	"github.com/tandemdata/tandem/pipeline/feature"
)

const upsertRows = 64 // of one statement

// byHand is an upsert as one would write it for these columns: database/sql, a
// prepared statement of 64 rows, a transaction for each batch, the sink's own
// pragmas; no tombstones, and no way back for a NaN.
func byHand(p pool, batches int) contestant {
	return contestant{"upsert by hand", func(ctx context.Context, c *clock) (int64, error) {
		dir, err := os.MkdirTemp("", "benchmarks-")
		if err != nil {
			return 0, err
		}
		defer os.RemoveAll(dir)
		db, err := sql.Open("sqlite", "file:"+dir+"/features.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
		if err != nil {
			return 0, err
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		u, err := prepare(ctx, db, p.schema(), p.size)
		if err != nil {
			return 0, err
		}
		for n := range batches {
			args := values(p.at(n))
			c.start()
			err := u.write(ctx, db, args)
			c.stop()
			if err != nil {
				return 0, err
			}
		}
		changed := int64(batches * p.size)
		return changed, holds(ctx, db)
	}}
}

func holds(ctx context.Context, db *sql.DB) error {
	rows := 0
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM f").Scan(&rows); err != nil {
		return err
	}
	if rows == 0 {
		return fmt.Errorf("the table is empty")
	}
	return nil
}

type upsert struct {
	many, rest *sql.Stmt
	columns    int
}

func prepare(ctx context.Context, db *sql.DB, s *feature.Schema, size int) (*upsert, error) {
	var names, set []string
	for i, f := range s.Fields {
		names = append(names, f.Name)
		if i > 0 {
			set = append(set, f.Name+"=excluded."+f.Name)
		}
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE f (entity_id TEXT PRIMARY KEY, "+strings.Join(names[1:], ",")+")"); err != nil {
		return nil, err
	}
	one := "(?" + strings.Repeat(",?", len(names)-1) + ")"
	of := func(rows int) (*sql.Stmt, error) {
		return db.PrepareContext(ctx, "INSERT INTO f VALUES "+one+strings.Repeat(","+one, rows-1)+
			" ON CONFLICT (entity_id) DO UPDATE SET "+strings.Join(set, ",")+" WHERE excluded.event_time > f.event_time")
	}
	many, err := of(upsertRows)
	if err != nil {
		return nil, err
	}
	rest, err := of(max(size%upsertRows, 1))
	return &upsert{many, rest, len(names)}, err
}

func (u *upsert) write(ctx context.Context, db *sql.DB, args []any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for part := upsertRows * u.columns; len(args) >= part; args = args[part:] {
		if _, err := tx.Stmt(u.many).ExecContext(ctx, args[:part]...); err != nil {
			return err
		}
	}
	if len(args) > 0 {
		if _, err := tx.Stmt(u.rest).ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// values are the arguments of a batch in Go's own types; a list is JSON.
func values(rows *feature.Rows) []any {
	var out []any
	for i := range rows.Len() {
		for c := range rows.Columns {
			v := rows.Columns[c].Value(i)
			if list, ok := v.([]any); ok {
				text, _ := json.Marshal(list)
				v = string(text)
			}
			out = append(out, v)
		}
	}
	return out
}
