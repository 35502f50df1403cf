package parquet

import (
	"context"
	"errors"
	"fmt"
	"iter"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/column"
)

// Scan gives the rows of the table's current snapshot, deletes among them, in
// no order. It reads one row group at a time.
func (s *Sink) Scan(ctx context.Context, schema *feature.Schema) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		if err := s.scan(ctx, schema, yield); err != nil && !errors.Is(err, errStopped) {
			yield(feature.Stored{}, err)
		}
	}
}

var errStopped = errors.New("the caller has enough")

func (s *Sink) scan(ctx context.Context, schema *feature.Schema, yield func(feature.Stored, error) bool) (err error) {
	if err := s.Check(schema); err != nil {
		return err
	}
	set := s.withDefaults()
	l, err := dial(&set, schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	t, err := l.load(ctx)
	if err == nil {
		err = l.take(t, l.schema)
	}
	if err != nil {
		return err
	}
	data, deletes, err := l.inventory.at(t, l.disk, l.layout)
	if err != nil {
		return err
	}
	for _, f := range data {
		if err := l.scanFile(ctx, f, deletes, yield); err != nil {
			return err
		}
	}
	return nil
}

func (l *lake) scanFile(ctx context.Context, f stored, deletes []stored, yield func(feature.Stored, error) bool) (err error) {
	gone, err := l.deleted.of(l.disk, f.uri, deletes)
	if err != nil {
		return err
	}
	in, err := openFile(l.disk, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	base := int64(0)
	for _, g := range in.RowGroups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.scanGroup(g, base, gone, yield); err != nil {
			return fmt.Errorf("reading %s: %w", f.uri, err)
		}
		base += g.NumRows()
	}
	return nil
}

func (l *lake) scanGroup(g pq.RowGroup, base int64, gone rowSet, yield func(feature.Stored, error) bool) error {
	var d column.Decoder
	rows := feature.NewRows(l.schema, feature.TopicPartition{})
	for i := range l.schema.Fields {
		if err := d.Read(g, &l.layout.columns[i], &rows.Columns[i]); err != nil {
			return err
		}
	}
	cols, err := readOwn(&d, g, l.layout)
	if err != nil {
		return err
	}
	for i := range int(g.NumRows()) {
		if gone.has(base + int64(i)) {
			continue
		}
		if !yield(l.stored(rows, cols, i), nil) {
			return errStopped
		}
	}
	return nil
}

func (l *lake) stored(rows *feature.Rows, cols *ownColumns, i int) feature.Stored {
	s := feature.Stored{Values: make([]any, len(rows.Columns))}
	for c := range rows.Columns {
		s.Values[c] = rows.Columns[c].Value(i)
	}
	time := int64(0)
	if t := l.schema.Time(); t >= 0 && l.schema.Fields[t].Kind == feature.Int32 {
		time = int64(rows.Columns[t].Int32s[i])
	} else if t >= 0 {
		time = rows.Columns[t].Int64s[i]
	}
	s.Version, s.RecordTime, s.Only = cols.version(i, time), cols.recordTime(i), !cols[onlyColumn].Null(i)
	return s
}
