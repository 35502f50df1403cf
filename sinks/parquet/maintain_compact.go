package parquet

import (
	"context"
	"errors"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Compact does at once what a sink that is open does in the course of time: it
// rewrites small data files, and those with many deleted rows, into files of
// about FileBytes that are sorted by key and event time, drops those of which no
// row is left, merges files of deletes, and removes old files that no snapshot
// names. Rows, identities and progress stay as they are.
//
// It is safe beside any number of writers: rows that they replace while their file
// is rewritten are replaced in the new one. Only another compaction of the same
// files makes it start again. Its memory doesn't grow with the table: it is some
// 300 MiB of heap for files of a million rows of twenty columns.
func (s *Sink) Compact(ctx context.Context, schema *feature.Schema) (done Compaction, err error) {
	set, l, err := s.dial(schema)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	c := &compactor{set: set, lake: l, schema: schema, policy: policy{set, true}, commit: race}
	if done, err = c.all(ctx); err == nil {
		err = l.removeOrphans(ctx, set)
	}
	return done, err
}
