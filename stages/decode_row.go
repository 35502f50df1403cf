package stages

import (
	"context"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/wire"
)

// row adds the row of a list's next record. After an error columns hold a part of it.
func (d *decoder) row(ctx context.Context, rows *feature.Rows, list []feature.Record) error {
	n := rows.Len()
	rec := &list[n]
	if rec.Outcome != feature.Pending {
		rows.AddSharedPlaceholder(list, rec.Outcome)
		return nil
	}
	env, err := d.format.Unpack(rec)
	if err != nil {
		return err
	}
	switch {
	case env.Outcomes[feature.Online] != feature.Pending && env.Outcomes[feature.Offline] != feature.Pending:
		rows.AddSharedPlaceholder(list, feature.Filtered)
	case len(rec.Key) > d.maxBytes || len(rec.Value) > d.maxBytes:
		return errTooLong
	default:
		if err := d.values(ctx, rows, rec, &env); err != nil {
			return err
		}
		if err := d.check(rows, n, env.Op); err != nil {
			return err
		}
		rows.AddShared(list, env.Op)
	}
	for _, s := range feature.Stores() {
		rows.Outcomes[s][n] = env.Outcomes[s]
	}
	return nil
}

// values appends to every column.
func (d *decoder) values(ctx context.Context, rows *feature.Rows, rec *feature.Record, env *wire.Envelope) error {
	if env.Body == nil {
		env.Op = feature.Delete
		return d.keyOnly(ctx, rows, rec, env)
	}
	if err := d.body(ctx, rows, env); err != nil {
		return err
	}
	if env.Op == feature.Delete {
		d.strip(rows)
	}
	return nil
}

// body appends what a record's body says.
func (d *decoder) body(ctx context.Context, rows *feature.Rows, env *wire.Envelope) error {
	p := d.value
	if env.Writer != 0 {
		var err error
		if p, err = d.writers.of(ctx, env.Writer); err != nil {
			return err
		}
	}
	return d.reader.Append(rows.Columns, p, env.Body)
}

// keyOnly appends what a record's key says.
func (d *decoder) keyOnly(ctx context.Context, rows *feature.Rows, rec *feature.Record, env *wire.Envelope) error {
	if env.KeyWriter == 0 {
		return d.key.read(&d.reader, d.key.program, rec.Key, rows.Columns)
	}
	if d.key.schema == nil {
		return wire.ErrNoKey
	}
	p, err := d.keys.of(ctx, env.KeyWriter)
	if err != nil {
		return fmt.Errorf("record key: %w", err)
	}
	return d.key.read(&d.reader, p, env.Key, rows.Columns)
}

// strip leaves of the delete that was just decoded what a delete is made of, so
// that both ways of saying it give the same row.
func (d *decoder) strip(rows *feature.Rows) {
	for i := range rows.Columns {
		if i == d.schema.Time() || d.schema.IsKey(i) {
			continue
		}
		rows.Columns[i].Truncate(rows.Len())
		rows.Columns[i].AppendNull()
	}
}

func (d *decoder) check(rows *feature.Rows, n int, op feature.Op) error {
	for _, k := range d.schema.Keys() {
		if c := &rows.Columns[k]; c.Null(n) {
			return fmt.Errorf("field %q: %w", c.Field.Name, errNullKey)
		}
	}
	if t := d.schema.Time(); t >= 0 && op == feature.Upsert && rows.Columns[t].Null(n) {
		return fmt.Errorf("field %q: %w", rows.Columns[t].Field.Name, errNoTime)
	}
	return nil
}
