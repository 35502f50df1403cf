package parquet

import (
	"context"
	"sync"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet/internal/identity"
)

// writer is the open sink. Write fills the open cut; whoever holds committing
// seals it and commits it while Write fills the next.
type writer struct {
	set  *Sink
	node *pipeline.SinkNode
	lake *lake

	mu      sync.Mutex
	open    *cut
	lanes   map[partition]*laneState
	given   map[partition]bool // those that this process was asked to go on with
	err     error              // why nothing is written any more
	again   bool               // the sealed cut's commit failed, and is to be tried again
	changed chan struct{}      // closed and replaced when any of the above changes

	committing chan struct{} // holds one token: the right to commit
	sealed     *cut          // being committed, or to be tried again; of whoever has the token

	wake    chan struct{} // the committer should look at the open cut
	stop    context.CancelFunc
	running sync.WaitGroup

	commits int // so far; of whoever has the token
	sweeper *sweeper
	tender  *tender
}

type partition struct {
	topic string
	id    int32
}

var (
	_ pipeline.Writer        = (*writer)(nil)
	_ pipeline.ProgressStore = (*writer)(nil)
)

func newWriter(set *Sink, n *pipeline.SinkNode, l *lake) *writer {
	ctx, stop := context.WithCancel(context.Background())
	w := &writer{
		set: set, node: n, lake: l,
		open: &cut{}, lanes: map[partition]*laneState{}, given: map[partition]bool{}, changed: make(chan struct{}),
		committing: make(chan struct{}, 1),
		wake:       make(chan struct{}, 1), stop: stop,
		sweeper: newSweeper(l, set),
	}
	w.tender = newTender(w)
	w.committing <- struct{}{}
	w.running.Go(func() { w.run(ctx) })
	w.running.Go(func() { w.sweeper.run(ctx, n.Logger) })
	w.running.Go(func() { w.tender.run(ctx) })
	return w
}

// Write appends the batch to a data file of the open cut, or does nothing.
func (w *writer) Write(ctx context.Context, lane *feature.Lane, rows *feature.Rows) error {
	state, err := w.state(lane)
	if err != nil {
		return err
	}
	b := newBatch(rows, state)
	if len(b.spans) == 0 {
		return nil
	}
	if err := w.lake.layout.checkScale(rows, b.runs); err != nil {
		return err
	}
	b.nulls = b.nulls || w.lake.plain.hasNulls(b)
	parts := w.lake.parter.Load().parts(b)
	r, err := w.reserve(ctx, state, b, parts)
	if err != nil {
		return err
	}
	err = w.fill(r, parts)
	w.release(r, state, b, err)
	return err
}

// fill appends the parts, each to a file of its own. One that fails after the first
// leaves a part of the batch in the cut, all of which comes from the log again.
func (w *writer) fill(r *reservation, parts []part) error {
	for i := range parts {
		p := &parts[i]
		if i > 0 {
			if err := w.next(r, p); err != nil {
				return pipeline.Restart(err)
			}
		}
		if r.ending != nil {
			if err := r.ending.end(); err != nil {
				return err
			}
		}
		if err := r.file.append(p.rows, p.runs, p.entries(w.lake.digester, r.lane, r.at)); err != nil {
			return err
		}
		if err := r.file.roll(w.set); err != nil {
			return err
		}
	}
	return nil
}

// state finds what is known of a lane, or begins it: a partition that is
// assigned again comes as another lane.
func (w *writer) state(lane *feature.Lane) (*laneState, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := partition{lane.Topic, lane.Partition}
	w.given[p] = true
	if s := w.lanes[p]; s != nil && s.lane == lane {
		return s, w.err
	}
	s := newLaneState(lane, w.node.Name)
	w.lanes[p] = s
	return s, w.err
}

// reservation is a place in a cut: nobody seals it until it is released.
type reservation struct {
	cut    *cut
	file   *dataFile // nil if the batch has no rows to store
	ending *dataFile // in whose place it came
	lane   uint32
	at     uint32 // where the batch's spans begin in the lane's
}

// reserve waits for room in the open cut and takes a file of it, for the first part.
func (w *writer) reserve(ctx context.Context, s *laneState, b *batch, parts []part) (*reservation, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.waitForRoom(ctx); err != nil {
		return nil, err
	}
	r := &reservation{cut: w.open}
	if len(parts) > 0 {
		if err := w.take(r, &parts[0]); err != nil {
			return nil, pipeline.Transient(err)
		}
		if err := r.file.out.stuck(); err != nil {
			w.open.idle = append(w.open.idle, r.file)
			return nil, pipeline.Transient(err)
		}
	}
	lane, part := w.open.of(s)
	r.lane, r.at = lane, uint32(len(part.spans))
	w.open.rows += b.live
	w.open.out++
	return r, nil
}

// next gives the file back and takes one for another part.
func (w *writer) next(r *reservation, p *part) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.giveBack()
	return w.take(r, p)
}

// take is called with mu held.
func (w *writer) take(r *reservation, p *part) (err error) {
	r.file, r.ending, err = r.cut.take(p, w.set.OpenFiles, w.lake.newDataFile)
	return err
}

// giveBack is called with the writer's mu held.
func (r *reservation) giveBack() {
	if r.file != nil && !r.file.ended {
		r.cut.idle = append(r.cut.idle, r.file)
	}
	r.file = nil
}

// waitForRoom is called with mu held, and gives it up while it waits.
func (w *writer) waitForRoom(ctx context.Context) error {
	for {
		full := w.open.rows >= w.set.cutRows() || w.open.out >= w.set.Files
		if w.err != nil || !full {
			return w.err
		}
		changed := w.changed
		w.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		w.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// release gives the file back and accounts for what was appended to it.
func (w *writer) release(r *reservation, s *laneState, b *batch, failed error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.notify()
	r.cut.out--
	if failed != nil {
		// The file holds a part of the batch: what is in the cut is lost.
		w.err = failed
		return
	}
	r.giveBack()
	part := r.cut.lanes[r.lane]
	part.spans = append(part.spans, b.spans...)
	s.accepted = b.spans[len(b.spans)-1].To
	if first := r.cut.due.IsZero(); first || r.cut.rows >= w.set.cutRows() {
		if first {
			r.cut.due = time.Now().Add(w.set.CommitEvery)
		}
		w.poke()
	}
}

// roll ends a file that is large enough, its index counted.
func (f *dataFile) roll(set *Sink) error {
	rows, bytes := f.entries.Len(), f.out.size()+int64(f.entries.Len())*identity.RowBytes
	if rows < set.FileRows && bytes < set.FileBytes && !f.identities.Crowded() {
		return nil
	}
	return f.end()
}

// notify wakes all who wait; mu is held.
func (w *writer) notify() {
	close(w.changed)
	w.changed = make(chan struct{})
}
