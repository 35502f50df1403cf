package parquet

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tandemdata/tandem/pipeline/status"
)

// Maintain says who looks after the table's files.
type Maintain uint8

const (
	// MaintainOn has the open sink rewrite small files and those with many deleted
	// rows, merge files of deletes, and remove what killed processes left.
	MaintainOn Maintain = iota
	// MaintainOff leaves that to whoever calls Compact, or to a catalog that does it by
	// itself. Old snapshots are expired, and manifests are merged, nevertheless.
	MaintainOff
)

const (
	tendEach   = 10             // commits between two looks at the table
	wroteShare = 5              // of the bytes that the sink writes, one in so many may be rewritten
	leastRate  = 4 << 20        // bytes a second that may be rewritten in any case
	yieldFor   = time.Second    // at most, to a cut that is full, after each block of rows
	listEach   = 24 * time.Hour // between two searches for files of no snapshot
)

// tender looks after the table while the sink is open. It works beside the
// commits, and waits for the right to commit only once new files are written.
type tender struct {
	writer    *writer
	compactor *compactor
	wake      chan struct{}
	commits   atomic.Int64
	wrote     atomic.Int64 // bytes of data files that commits brought
	began     time.Time
	listed    time.Time
	failing   outage
}

func newTender(w *writer) *tender {
	x := &tender{writer: w, wake: make(chan struct{}, 1), began: time.Now()}
	l := &lake{schema: w.lake.schema, catalog: w.lake.catalog, disk: w.lake.disk, id: w.lake.id, now: w.lake.now, periods: w.lake.periods}
	x.compactor = &compactor{
		set: w.set, lake: l, schema: w.lake.schema, policy: policy{set: w.set},
		pace:   &pace{yield: w.yieldToCut, rate: x.rate},
		commit: w.betweenCommits,
	}
	return x
}

// rate is how many bytes a second may be rewritten.
func (x *tender) rate() float64 {
	if r := x.writer.set.MaintainRate; r > 0 {
		return float64(r)
	}
	return max(leastRate, float64(x.wrote.Load())/wroteShare/max(time.Since(x.began).Seconds(), 1))
}

// committed is told of each commit.
func (x *tender) committed(p *plan) {
	for _, f := range p.files {
		x.wrote.Add(f.FileSizeBytes())
	}
	if x.commits.Add(1)%tendEach != 1 {
		return
	}
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *tender) run(ctx context.Context) {
	if x.writer.set.Maintain == MaintainOff {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-x.wake:
		}
		err := x.tend(ctx)
		switch now := time.Now(); {
		case ctx.Err() != nil:
			return
		case err == nil:
			x.failing.end(now)
		case x.failing.again(now):
			x.writer.node.Logger.Warn("maintenance of the table's files failed, will retry after more commits", "commits", tendEach, "error", err)
		}
	}
}

// tend does what is worth it, if it is this process that tends the table.
func (x *tender) tend(ctx context.Context) error {
	w := x.writer
	if mine, err := w.tends(ctx); err != nil || !mine {
		return err
	}
	if now := time.Now(); now.Sub(x.listed) >= listEach {
		x.listed = now
		if err := w.lake.removeOrphans(ctx, w.set); err != nil {
			return fmt.Errorf("removing files of no snapshot: %w", err)
		}
	}
	for {
		began := time.Now()
		done, err := x.compactor.one(ctx)
		if errors.Is(err, errRewritten) {
			w.node.Logger.Info("another process tends the table too", "error", err)
			return nil
		}
		if err != nil || done.Commits == 0 {
			return err
		}
		w.node.Note(status.Event{Kind: status.Compaction, Began: began, Took: time.Since(began), Files: done.After, Bytes: done.Bytes})
		w.node.Logger.Info("the table's files were compacted", "files_before", done.Before, "files_after", done.After, "bytes", done.Bytes,
			"files_dropped", done.Dropped, "delete_files_removed", done.Deletes, "rows_moved", done.Moved,
			"took", time.Since(began).Round(time.Millisecond))
	}
}

// betweenCommits makes a commit that is none of a cut.
func (w *writer) betweenCommits(ctx context.Context, attempt func() error) error {
	return race(ctx, func() error {
		if err := w.hold(ctx); err != nil {
			return err
		}
		defer w.letGo()
		if err := w.broken(); err != nil {
			return err
		}
		return attempt()
	})
}

// yieldToCut waits while Writes wait for a commit, but not for ever.
func (w *writer) yieldToCut(ctx context.Context) {
	w.mu.Lock()
	full, changed := w.open.rows >= w.set.cutRows(), w.changed
	w.mu.Unlock()
	if !full {
		return
	}
	select {
	case <-changed:
	case <-ctx.Done():
	case <-time.After(yieldFor):
	}
}
