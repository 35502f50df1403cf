package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// measureBacklog is how fast rows are worked off while the table is tended, and while it isn't.
func (s *suite) measureBacklog(ctx context.Context) error {
	p := newPool(feature.ByLog, 10, 4000, 1<<40)
	f, err := s.turns(ctx, "a backlog in commits of 5,000 rows, a fifth of them upserts",
		workedOff("tended", p, parquet.MaintainOn), workedOff("not tended", p, parquet.MaintainOff))
	if err != nil {
		return err
	}
	s.reached(steadyBacklog, f[0], f[1], f[2])
	return nil
}

func workedOff(name string, p pool, m parquet.Maintain) contestant {
	const commits = 300
	return contestant{name, func(ctx context.Context, c *clock) (int64, error) {
		t, err := openTable(ctx, p.schema(), parquet.Sink{Maintain: m})
		if err != nil {
			return 0, err
		}
		defer t.close()
		r := rand.New(rand.NewPCG(1, 1))
		for n := range commits {
			rows := []*feature.Rows{p.at(n)}
			if n > 0 {
				rows = append(rows, p.pick(func(int) int { return r.IntN(n * p.size) }, p.size/4))
			}
			c.start()
			_, err := t.commit(ctx, rows...)
			c.stop()
			if err != nil {
				return 0, err
			}
		}
		shape, err := t.outside().Shape(ctx, t.schema)
		if tended := shape.Files < commits; err == nil && tended != (m == parquet.MaintainOn) {
			err = fmt.Errorf("%d files after %d commits", shape.Files, commits)
		}
		return t.rows, err
	}}
}

// measureFiles is an upsert into many files beside one into few.
func (s *suite) measureFiles(ctx context.Context) error {
	size := 1_000_000
	if s.long {
		size = 10_000_000
	}
	took := map[int]spread{}
	for _, files := range []int{10, 1000} {
		s.progress("upsert of 10,000 rows: filling %d files", files)
		list, err := s.upsertsInto(ctx, size, files)
		if err != nil {
			return err
		}
		took[files] = spreadOf(list)
		s.note("offline upsert of 10,000 rows of "+short(int64(size))+", ms", fmt.Sprint(files), "files, spread evenly", took[files])
	}
	s.reachedAt(upsertFiles, times(took[1000], took[10]), short(int64(size))+" rows")
	return nil
}

func (s *suite) upsertsInto(ctx context.Context, size, files int) (ms []float64, err error) {
	const changed = 10_000
	p := newPool(feature.ByLog, 10, min(10_000, size/files), 1<<40)
	t, err := openTable(ctx, p.schema(), parquet.Sink{Maintain: parquet.MaintainOff})
	if err != nil {
		return nil, err
	}
	defer t.close()
	if err := t.fill(ctx, p, size, size/files); err != nil {
		return nil, err
	}
	shape, err := t.outside().Shape(ctx, t.schema)
	if err != nil || shape.Files != files {
		return nil, fmt.Errorf("%d files, want %d: %w", shape.Files, files, err)
	}
	for range s.rounds {
		d, err := t.commit(ctx, p.pick(func(int) int { return rand.IntN(size) }, changed))
		if err != nil {
			return nil, err
		}
		ms = append(ms, float64(d.Microseconds())/1000)
	}
	return ms, nil
}
