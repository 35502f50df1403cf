package parquet

import (
	"context"
	"errors"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Fail makes the file system fail: f is asked before each create, open, write
// and sync.
func (s *Sink) Fail(f func(op, path string) error) { s.fault = f }

// Clock sets the time by which old snapshots and files go.
func (s *Sink) Clock(now func() time.Time) { s.clock = now }

// Tidy is a commit that tidies up, and brings nothing else.
func (s *Sink) Tidy(ctx context.Context, schema *feature.Schema) error {
	set := s.withDefaults()
	l, err := openLake(ctx, &set, schema)
	if err != nil {
		return err
	}
	err = race(ctx, func() error {
		t, err := l.load(ctx)
		if err != nil {
			return err
		}
		p := &plan{}
		if p.progress, err = progressOf(t); err != nil {
			return err
		}
		p.tidyUp(t, &set)
		return l.publish(ctx, t, p)
	})
	return errors.Join(err, l.close())
}

// Tend does what is worth a commit while the table is written to.
func (s *Sink) Tend(ctx context.Context, schema *feature.Schema) (done Compaction, err error) {
	set := s.withDefaults()
	l, err := dial(&set, schema)
	if err != nil {
		return done, err
	}
	c := &compactor{set: &set, lake: l, schema: schema, policy: policy{set: &set}, commit: race}
	done, err = c.all(ctx)
	return done, errors.Join(err, l.close())
}

// Hold sets what a rewrite sorts in memory, and from which size on it reads sorted
// files block by block.
func (s *Sink) Hold(run int, stream int64) { s.runBytes, s.streamBytes = run, stream }

// Unsorted are the files of the table whose rows are not by key and event time.
func (s *Sink) Unsorted(ctx context.Context, schema *feature.Schema) (files []string, err error) {
	set := s.withDefaults()
	l, err := openLake(ctx, &set, schema)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	t, err := l.load(ctx)
	if err != nil {
		return nil, err
	}
	by, err := sortColumns(set.Sort, schema)
	if err != nil {
		return nil, err
	}
	data, _, err := l.inventory.at(t, l.disk, l.layout)
	for _, f := range data {
		sorted, wrong := l.isSorted(ctx, f, by)
		if err = errors.Join(err, wrong); !sorted {
			files = append(files, f.uri)
		}
	}
	return files, err
}

// RemoveOrphans is what a sink does once a day.
func (s *Sink) RemoveOrphans(ctx context.Context, schema *feature.Schema) error {
	set := s.withDefaults()
	l, err := openLake(ctx, &set, schema)
	if err != nil {
		return err
	}
	return errors.Join(l.removeOrphans(ctx, &set), l.close())
}
