package parquet

import (
	"context"
	"errors"
	"iter"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Scan gives the rows of the table's current snapshot, deletes among them, in
// no order. It reads some thousand rows at a time.
func (s *Sink) Scan(ctx context.Context, schema *feature.Schema) iter.Seq2[feature.Stored, error] {
	return func(yield func(feature.Stored, error) bool) {
		if err := s.scan(ctx, schema, yield); err != nil && !errors.Is(err, errStopped) {
			yield(feature.Stored{}, err)
		}
	}
}

var errStopped = errors.New("the caller has enough")

func (s *Sink) scan(ctx context.Context, schema *feature.Schema, yield func(feature.Stored, error) bool) (err error) {
	_, l, err := s.dial(schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	snap, err := l.snapshot(ctx)
	if err != nil {
		return err
	}
	for _, f := range snap.data {
		err := snap.scanFile(ctx, f, func(rows *feature.Scanned) error {
			for i := range rows.Len() {
				if !yield(rows.Row(i), nil) {
					return errStopped
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
