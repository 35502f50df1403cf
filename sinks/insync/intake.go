package insync

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// intake puts a store's rows onto scratch disk.
type intake struct {
	run   *run
	what  string
	spill *spill
	total int64
	pool  sync.Pool // of *desk
	mu    sync.Mutex
	desks []*desk
	done  atomic.Int64
	began time.Time
}

// desk is where one goroutine works.
type desk struct {
	encoder
	*pages
}

func (r *run) intake(what string, s *spill, total int64) *intake {
	return &intake{run: r, what: what, spill: s, total: total, began: time.Now()}
}

// wait keeps to the rate.
func (in *intake) wait(ctx context.Context, n int) error {
	done := in.done.Add(int64(n))
	in.run.step(in.what, done, in.total)
	if in.run.Rate == 0 {
		return nil
	}
	due := in.began.Add(time.Duration(float64(done) / float64(in.run.Rate) * float64(time.Second)))
	select {
	case <-time.After(time.Until(due)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (in *intake) take(rows *feature.Scanned, ends *seen) error {
	d, ok := in.pool.Get().(*desk)
	if !ok {
		d = &desk{encoder{schema: in.run.Schema, seed: in.run.seed}, newPages(in.spill)}
		in.mu.Lock()
		in.desks = append(in.desks, d)
		in.mu.Unlock()
	}
	defer in.pool.Put(d)
	for i := range rows.Len() {
		e := d.of(rows, i)
		if !in.run.wanted(e.key) {
			continue
		}
		if err := d.add(&e); err != nil {
			return fmt.Errorf("scratch disk: %w", err)
		}
	}
	if ends != nil {
		ends.see(rows.Versions)
	}
	return nil
}

func (in *intake) close() error {
	var errs []error
	for _, d := range in.desks {
		errs = append(errs, d.flush())
	}
	return errors.Join(errs...)
}
