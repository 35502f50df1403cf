package cassandra

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Scan reads all live rows of the table, in no order, through a connection of its own. It is for comparisons and
// repairs: it reads the whole table.
func (s *Sink) Scan(ctx context.Context, schema *feature.Schema) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		if err := s.scan(ctx, schema, func(row feature.Stored) bool { return yield(row, nil) }); err != nil {
			yield(feature.Stored{}, err)
		}
	}
}

func (s *Sink) scan(ctx context.Context, schema *feature.Schema, yield func(feature.Stored) bool) error {
	r, err := s.reader(ctx, schema)
	if err != nil {
		return err
	}
	defer r.c.Close()
	p := newPage(r)
	give := func(rows *feature.Scanned) error {
		for i := range rows.Len() {
			if !yield(rows.Row(i)) {
				return errStopped
			}
		}
		return nil
	}
	if err := p.read(ctx, give, r.table.scan()); err != nil && !errors.Is(err, errStopped) {
		return r.failed(err)
	}
	return nil
}

var errStopped = errors.New("the caller has enough")

// asItIs is the table with the columns that it has. Those that it lacks are null in every row.
func (c *connection) asItIs(ctx context.Context, t *table) (*table, error) {
	have, err := c.shape(ctx, t)
	if err != nil || !have.exists() {
		return t, err
	}
	fitted, _, err := t.fit(have)
	return fitted, err
}

// scanned is how many cells a row of the scan has: keys, values, and of a plain row when it was written.
func (t *table) scanned() int {
	n := len(t.keys()) + len(t.values())
	if t.layout == Plain {
		n += 2
	}
	return n
}

// stored reads a row of the scan.
func (t *table) stored(cells []wire) (feature.Stored, error) {
	n := len(t.schema.Keys())
	end := n + len(t.values())
	values := cells[n:end]
	if t.layout == Packed {
		var err error
		if values, err = t.unpack(cells[n]); err != nil {
			return feature.Stored{}, err
		}
	}
	row := feature.Stored{Values: make([]any, len(t.schema.Fields))}
	for i, field := range t.schema.Keys() {
		if err := t.decode(row.Values, field, cells[i]); err != nil {
			return row, err
		}
	}
	for i, s := range t.slots {
		if err := t.decode(row.Values, s.field, values[len(ownColumns)+i]); err != nil {
			return row, err
		}
	}
	err := t.decodeOwn(&row, values)
	if t.layout == Plain {
		row.Only = row.Only && bytes.Equal(cells[end], cells[end+1])
	}
	return row, err
}

// unpack cuts a packed row into the values that a plain one has. Fields that were added to the type later are null.
func (t *table) unpack(packed []byte) ([]wire, error) {
	values := make([]wire, 0, len(t.fields()))
	for range t.fields() {
		if len(packed) == 0 {
			values = append(values, nil)
			continue
		}
		v, rest, err := cut(packed)
		if err != nil {
			return nil, err
		}
		values, packed = append(values, v), rest
	}
	return values[1:], nil
}

// decode reads the value of a field, if it is one of the schema.
func (t *table) decode(row []any, field int, cell wire) error {
	if field < 0 {
		return nil
	}
	v, err := decode(t.schema.Fields[field], cell)
	row[field] = v
	return err
}

// decodeOwn reads the sink's own columns. Those of the version are never null.
func (t *table) decodeOwn(row *feature.Stored, values []wire) error {
	var parts [5]any
	for i, kind := range []feature.Kind{feature.Int32, feature.Int32, feature.Int64, feature.Int64, feature.Bool} {
		v, err := decode(feature.Field{Name: ownColumns[i].name, Kind: kind}, values[i])
		if v == nil && i < 3 || err != nil {
			return fmt.Errorf("a row without %s: the sink didn't write it", ownColumns[i].name)
		}
		parts[i] = v
	}
	row.RecordTime = feature.NoTime
	if at, ok := parts[3].(int64); ok {
		row.RecordTime = at
	}
	row.Only, _ = parts[4].(bool)
	row.Version = feature.Version{Epoch: parts[0].(int32), Partition: parts[1].(int32), Offset: parts[2].(int64)}
	if t.schema.Time() < 0 {
		return nil
	}
	switch at := row.Values[t.schema.Time()].(type) {
	case int32:
		row.Version.Time = int64(at)
	case int64:
		row.Version.Time = at
	}
	return nil
}
