package insync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

const (
	chunkDoubts = 20_000 // looked at together
	poll        = 250 * time.Millisecond
)

// look is one time at which doubtful keys were looked up online.
type look struct {
	at   time.Time
	ends map[int32]reach // of the log after that; nil: not known
}

// again looks at doubtful keys once more, at a snapshot of now and online after
// that, which decides all but one thing: where a store doesn't show deletes, a
// key may be absent online for a delete that no snapshot has yet. Then its newest
// row must be the same in a snapshot of all that had been in the log when the key was absent.
func (r *run) again(ctx context.Context, d *doubts) (err error) {
	if d.n == 0 {
		return nil
	}
	a := &again{run: r, newest: r.first, judge: r.judge}
	defer func() { err = errors.Join(err, a.release()) }()
	if a.lost, err = newDoubts(r.dir, "lost"); err != nil {
		return fmt.Errorf("scratch disk: %w", err)
	}
	defer func() { err = errors.Join(err, a.lost.close()) }()
	if err := a.looked(ctx); err != nil {
		return err
	}
	deadline := time.Now().Add(r.Settle)
	for pause := poll; d.n > 0; pause = min(2*pause, 8*poll) {
		last := time.Now().After(deadline)
		before := d.n
		if err := a.round(ctx, d, last); err != nil {
			return err
		}
		r.step("looked at again", before-d.n, before)
		if d.n == 0 || last {
			break
		}
		if err := wait(ctx, min(pause, time.Until(deadline)+time.Millisecond)); err != nil {
			return err
		}
	}
	r.verdict.Undecided += d.n
	return a.findLost(ctx)
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type again struct {
	run    *run
	newest pipeline.Snapshot
	judge  *judge
	looks  []look
	lost   *doubts // keys of rows that the snapshot lacks
}

// looked ends a look.
func (a *again) looked(ctx context.Context) error {
	l := look{at: time.Now()}
	if a.run.Ends != nil {
		ends, err := a.run.Ends(ctx)
		if err != nil {
			return fmt.Errorf("the ends of the log: %w", err)
		}
		l.ends = a.judge.places(ends)
	}
	a.looks = append(a.looks, l)
	return nil
}

func (a *again) release() error {
	if a.newest == a.run.first {
		return nil
	}
	return a.newest.Close()
}

func (a *again) round(ctx context.Context, d *doubts, last bool) error {
	next, err := a.run.Offline.Snapshot(ctx, a.run.Schema)
	if err != nil {
		return fmt.Errorf("offline: %w", err)
	}
	if err := a.release(); err != nil {
		return errors.Join(err, next.Close())
	}
	a.newest, a.judge = next, newJudge(a.run.Schema, next.Progress())
	in, err := d.turn()
	if err != nil {
		return fmt.Errorf("scratch disk: %w", err)
	}
	defer in.close()
	if err := in.chunks(func(chunk []doubt) error { return a.chunk(ctx, chunk, d, last) }); err != nil {
		return err
	}
	return a.looked(ctx)
}

// chunk decides some keys, or leaves them for the next round.
func (a *again) chunk(ctx context.Context, chunk []doubt, d *doubts, last bool) error {
	at := make(map[string]int, len(chunk))
	for i := range chunk {
		at[string(chunk[i].key)] = i
	}
	was := slices.Clone(chunk)
	for i := range chunk {
		chunk[i].online = nil
	}
	if err := a.offline(ctx, chunk, at); err != nil {
		return fmt.Errorf("offline: %w", err)
	}
	if err := a.online(ctx, chunk, at); err != nil {
		return fmt.Errorf("online: %w", err)
	}
	for i := range chunk {
		x := &chunk[i]
		if was[i].online != nil || was[i].offline == nil || was[i].offline.version != x.offline.version {
			x.look = len(a.looks) // the one that is under way
		}
		if err := a.decide(x, d, last); err != nil {
			return err
		}
	}
	return nil
}

// offline finds what came after the first snapshot.
func (a *again) offline(ctx context.Context, chunk []doubt, at map[string]int) error {
	in := a.run.finder(chunk, at, func(x *doubt, e *entry) {
		if e.only || x.offline != nil && a.run.Schema.Group.Order.Compare(e.version, x.offline.version) <= 0 {
			return
		}
		x.offline = e
	})
	return a.newest.Scan(ctx, a.run.first, func(rows *feature.Scanned) error {
		expected, err := a.run.expected(rows)
		if err != nil {
			return err
		}
		in.look(expected)
		return nil
	})
}

func (a *again) online(ctx context.Context, chunk []doubt, at map[string]int) error {
	keys := make([][]any, len(chunk))
	for i := range chunk {
		var err error
		if keys[i], err = keyOf(chunk[i].key); err != nil {
			return err
		}
	}
	in := a.run.finder(chunk, at, func(x *doubt, e *entry) { x.online = e })
	one := feature.NewScanned(a.run.Schema)
	return a.run.Online.LookUp(ctx, a.run.Schema, keys, func(row feature.Stored) error {
		one.Clear()
		if err := one.Add(row); err != nil {
			return err
		}
		in.look(one)
		a.run.ends.see(one.Versions)
		return nil
	})
}

func (a *again) decide(x *doubt, d *doubts, last bool) error {
	kind := a.judge.of(x.offline, x.online)
	switch {
	case !kind.Fault():
		a.run.verdict.count(kind, x.offline, x.online)
		return nil
	case kind == Extra && !last,
		kind == MissingOnline && x.online == nil && !a.run.Online.ShowsDeletes() && !a.certain(x, last):
		return d.add(*x)
	}
	if kind == MissingOffline {
		return a.lost.add(*x)
	}
	return a.run.verdict.fault(a.run.Verify, kind, x.key, x.offline, x.online)
}

// certain reports whether no delete that isn't offline yet can be why a key is absent.
func (a *again) certain(x *doubt, last bool) bool {
	if x.look >= len(a.looks) {
		return false
	}
	l := a.looks[x.look]
	if l.ends != nil {
		return a.judge.reaches(l.ends)
	}
	return last && a.judge.reaches(a.run.ends.all())
}
