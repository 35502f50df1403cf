package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var _ pipeline.Repairer = Sink{}

// Repair puts the rows in by one transaction, so that no reader misses a key meanwhile.
func (s Sink) Repair(ctx context.Context, schema *feature.Schema, fixes []pipeline.Fix) error {
	if err := s.repair(ctx, schema, fixes); err != nil {
		return fmt.Errorf("sqlite: %s: %w", s.File, err)
	}
	return nil
}

func (s Sink) repair(ctx context.Context, schema *feature.Schema, fixes []pipeline.Fix) (err error) {
	r, err := s.reader(schema)
	if err != nil {
		return err
	}
	defer r.db.Close()
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	do := func(query string, args []any) {
		if err == nil {
			_, err = conn.ExecContext(ctx, query, args...)
		}
	}
	for _, f := range fixes {
		do(clear1(schema, f))
		if f.Remove {
			continue
		}
		args, bad := arguments(schema, f.Row)
		err = errors.Join(err, bad)
		do(upsert(schema, nil, 1), args)
	}
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // fails where SQLite has rolled back already
	}
	return err
}

// clear1 deletes what is to give way: the row from the fix's own place, and any that isn't newer.
func clear1(schema *feature.Schema, f pipeline.Fix) (query string, args []any) {
	v, where := f.Row.Version, []string{}
	for _, k := range schema.Keys() {
		where = append(where, fmt.Sprintf("old.%s = ?", quote(schema.Fields[k].Name)))
		args = append(args, argument(schema.Fields[k], f.Row.Values[k]))
	}
	gives := fmt.Sprintf("(old.%s, old.%s, old.%s) = (?, ?, ?)", quote(feature.EpochColumn), quote(feature.OffsetColumn), quote(feature.PartitionColumn))
	place := []any{v.Epoch, v.Offset, v.Partition}
	args = append(args, place...)
	if !f.Remove {
		order := place
		if schema.Group.Order == feature.ByEventTime {
			order = append([]any{v.Time, v.Delete}, place...)
		}
		gives += fmt.Sprintf(" OR (%s) <= (%s)", orderOf(schema, "old"), strings.TrimSuffix(strings.Repeat("?,", len(order)), ","))
		args = append(args, order...)
	}
	return fmt.Sprintf("DELETE FROM %s AS old WHERE %s AND (%s)", quote(rowsTable(schema)), strings.Join(where, " AND "), gives), args
}

// arguments are what an upsert of one row is given.
func arguments(schema *feature.Schema, row feature.Stored) ([]any, error) {
	v := row.Version
	rows, err := feature.Restore(schema, feature.TopicPartition{Partition: v.Partition, Epoch: v.Epoch}, row)
	if err != nil {
		return nil, err
	}
	t := &table{schema: schema}
	t.begin(rows)
	t.bind(rows, 0)
	args := make([]any, len(t.values.cells))
	for i, c := range t.values.cells {
		args[i] = t.values.argument(c)
	}
	return args, nil
}

// argument is a value as the driver takes it.
func (v *values) argument(c cell) any {
	from, to := int(c.bits), int(c.bits)+int(c.size)
	switch c.kind {
	case integer:
		return c.bits
	case real:
		return math.Float64frombits(uint64(c.bits))
	case text:
		return string(v.bytes[from:to])
	case blob:
		return v.bytes[from:to:to]
	}
	return nil
}
