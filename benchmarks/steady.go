package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// A table that is committed to for a day or two, and tended by itself.
const (
	steadyNew     = 800 // rows of a commit that are new
	steadyChanged = 200 // and that take the place of one of all rows before
	steadyLook    = 50  // commits between two looks at the table from outside
	steadyHour    = 720 // commits of an hour, one each five seconds: from then on the dead count
)

// steady is such a run. Its table has as many live rows as were new.
type steady struct {
	s     *suite
	table *offline
	pool  pool
	live  int
	took  []float64 // ms of each commit
	disk  *written
	looks []look
}

// look is the table at one moment, by its own manifests as iceberg-go reads them.
type look struct {
	commits int
	dead    float64 // of the rows in its files
	icescan.Shape
}

// measureSteady is the state that a table comes to: 20,000 commits of 1,000 rows, of
// which a fifth are upserts over the whole table.
func (s *suite) measureSteady(ctx context.Context) error {
	commits := 3000
	if s.long {
		commits = 20_000
	}
	p := newPool(feature.ByLog, 10, steadyNew, 1<<40)
	t, err := openTable(ctx, p.schema(), parquet.Sink{})
	if err != nil {
		return err
	}
	defer t.close()
	x := &steady{s: s, table: t, pool: p, disk: newWritten(t.dir)}
	if err := x.commits(ctx, commits); err != nil {
		return err
	}
	x.report()
	if err := t.w.Close(); err != nil {
		return err
	}
	return x.scan(ctx)
}

func (x *steady) commits(ctx context.Context, commits int) error {
	for n := range commits {
		rows := []*feature.Rows{x.pool.at(n)}
		if n > 0 {
			rows = append(rows, x.pool.pick(func(int) int { return rand.IntN(x.live) }, steadyChanged))
		}
		d, err := x.table.commit(ctx, rows...)
		if err != nil {
			return err
		}
		x.live += steadyNew
		x.took = append(x.took, float64(d.Microseconds())/1000)
		if (n+1)%steadyLook == 0 || n == 9 {
			if err := x.look(ctx, n+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *steady) look(ctx context.Context, commits int) error {
	if err := x.disk.look(commits); err != nil {
		return err
	}
	shape, err := x.table.outside().Shape(ctx, x.table.schema)
	if err != nil {
		return err
	}
	l := look{commits, 1 - float64(x.live)/float64(shape.Rows), shape}
	x.looks = append(x.looks, l)
	x.s.progress("steady: %d commits, %d files, %d of deletes, %.0f %% dead", commits, l.Files, l.Deletes, 100*l.dead)
	return nil
}

// report notes what the run was like, by thousand commits.
func (x *steady) report() {
	p50, p99 := curve{title: "commits of 1,000 rows, the median", axis: "commits before it", unit: "ms"}, curve{title: "commits of 1,000 rows, p99", axis: "commits before it", unit: "ms"}
	for from := 0; from+1000 <= len(x.took); from += 1000 {
		part := slices.Sorted(slices.Values(x.took[from : from+1000]))
		x.s.note("steady: a commit, ms", fmt.Sprintf("%d to %d", from, from+1000), "p50", single(quantile(part, 0.5)))
		x.s.note("steady: a commit, ms", fmt.Sprintf("%d to %d", from, from+1000), "p99", single(quantile(part, 0.99)))
		p50.points = append(p50.points, point{float64(from + 1000), quantile(part, 0.5)})
		p99.points = append(p99.points, point{float64(from + 1000), quantile(part, 0.99)})
	}
	x.s.curves = append(x.s.curves, p50, p99)
	for _, l := range x.looks {
		if l.commits%1000 == 0 {
			at := fmt.Sprint(l.commits)
			x.s.note("steady: the table", at, "commits: files", single(float64(l.Files)))
			x.s.note("steady: the table", at, "commits: files of deletes", single(float64(l.Deletes)))
			x.s.note("steady: the table", at, "commits: dead rows, %", single(100*l.dead))
			x.s.note("steady: the table", at, "commits: metadata, KiB", single(float64(l.Metadata)/1024))
		}
	}
	x.goals()
}

func (x *steady) goals() {
	early, late := x.took[1000:2000], x.took[len(x.took)-1000:]
	x.s.reachedAt(steadyLatency, times(single(quantileOf(late, 0.99)), single(quantileOf(early, 0.99))),
		fmt.Sprintf("%d commits; p99 %.0f and %.0f ms, the median %.2f times", len(x.took), quantileOf(early, 0.99), quantileOf(late, 0.99), quantileOf(late, 0.5)/quantileOf(early, 0.5)))
	most := 0.0
	for _, l := range x.looks {
		if l.commits >= steadyHour {
			most = max(most, l.dead)
		}
	}
	x.s.reachedAt(steadyDead, single(100*most), fmt.Sprintf("of %d looks", len(x.looks)))
	x.s.reachedAt(steadyWrites, single(x.disk.amplification(len(x.took))), "files of rows and of deletes, beside those of rows that commits brought")
}

func quantileOf(list []float64, q float64) float64 {
	return quantile(slices.Sorted(slices.Values(list)), q)
}

// scan is how long iceberg-go takes to read the whole table, beside the same rows freshly compacted.
func (x *steady) scan(ctx context.Context) error {
	x.s.progress("steady: the same rows, freshly compacted")
	fresh, err := openTable(ctx, x.pool.schema(), parquet.Sink{Maintain: parquet.MaintainOff})
	if err != nil {
		return err
	}
	defer fresh.close()
	if err := fresh.fill(ctx, x.pool, x.live, 1_000_000); err != nil {
		return err
	}
	if _, err := fresh.sink.Compact(ctx, fresh.schema); err != nil {
		return err
	}
	var tended, compacted []float64
	for range x.s.rounds {
		for t, list := range map[*offline]*[]float64{x.table: &tended, fresh: &compacted} {
			began := time.Now()
			rows, err := t.outside().Count(ctx, t.schema)
			if err != nil {
				return err
			}
			if rows != int64(x.live) {
				return fmt.Errorf("iceberg-go reads %d rows, want %d", rows, x.live)
			}
			*list = append(*list, float64(time.Since(began).Milliseconds()))
		}
	}
	x.s.note("steady: iceberg-go's scan of all, ms", short(int64(x.live)), "rows, as the run left them", spreadOf(tended))
	x.s.note("steady: iceberg-go's scan of all, ms", short(int64(x.live)), "rows, freshly compacted", spreadOf(compacted))
	x.s.reachedAt(steadyScan, times(spreadOf(tended), spreadOf(compacted)), fmt.Sprintf("%d commits", len(x.took)))
	return nil
}
