package stages

import (
	"context"
	"fmt"
	"reflect"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// body appends what a record's body says.
func (d *decoder) body(ctx context.Context, rows *feature.Rows, parts *Parts) error {
	switch {
	case parts.Writer != 0:
		p, err := d.writers.program(ctx, parts.Writer)
		if err != nil {
			return err
		}
		return p.run(&d.cursor, parts.Body, rows.Columns)
	case d.second != nil:
		return d.either(parts.Body, rows)
	}
	return d.value.run(&d.cursor, parts.Body, rows.Columns)
}

// either appends what a body says that two programs might read. It is for the
// one that can; where both can, they must read the same.
func (d *decoder) either(body []byte, rows *feature.Rows) error {
	n := rows.Len()
	cut := func(rows int, columns []feature.Column) {
		for i := range columns {
			columns[i].Truncate(rows)
		}
	}
	first := d.value.run(&d.cursor, body, rows.Columns)
	if first != nil {
		cut(n, rows.Columns)
		if d.second.run(&d.cursor, body, rows.Columns) == nil {
			return nil
		}
		return first
	}
	defer cut(n+1, rows.Columns)
	if d.second.run(&d.cursor, body, rows.Columns) != nil {
		return nil
	}
	for i := range rows.Columns {
		if c := &rows.Columns[i]; !reflect.DeepEqual(c.Value(n), c.Value(n+1)) {
			return fmt.Errorf("field %q: %w", c.Field.Name, errTwoWays)
		}
	}
	return nil
}
