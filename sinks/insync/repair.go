package insync

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tandemdata/tandem/pipeline"
)

// Repair verifies both stores, and has the online one hold what the offline table
// says where they differ: of each key its newest row, with its own place and
// timestamps, or a delete. Graphs may write to both meanwhile; a newer row always wins.
// It may be interrupted, also by a kill, and run again.
//
// What the offline table lacks can't be repaired by this.
type Repair struct {
	Verify // its Online must be a pipeline.Repairer

	Apply bool      // false: only say what would be done
	Most  float64   // of the keys that were compared; more faults are not repaired. Default 0.01
	Audit io.Writer // each fault, and what was done, as a JSON object on a line of its own. Default: nowhere
}

// Repaired is what a repair did.
type Repaired struct {
	Before Verdict
	Put    int64 // keys whose row was, or would be, sent
	Gone   int64 // keys that were, or would be, deleted
	Beyond int64 // faults that no write to the online store can repair
	After  Verdict
}

// Left is the verdict after a repair: of the keys that were repaired as they are now, and
// of all others as they were.
func (r Repaired) Left() Verdict {
	out := r.Before
	for k := MissingOnline; k < kinds; k++ {
		if k != MissingOffline && k != Twice {
			out.Count[k] = 0
		}
	}
	out.Faults = nil
	for _, d := range r.Before.Faults {
		if d.Kind == MissingOffline || d.Kind == Twice {
			out.Faults = append(out.Faults, d)
		}
	}
	out.Faults = append(out.Faults, r.After.Faults...)
	for k, n := range r.After.Count {
		out.Count[k] += n
	}
	out.Undecided += r.After.Undecided
	return out
}

// ErrTooMany is why a repair did nothing.
var ErrTooMany = errors.New("too many keys differ for a repair: look for a cause first, fill a fresh table, or allow more")

// few faults may be repaired whatever their share.
const few = 100

// Run verifies and repairs. After is of the repaired keys alone, zero where nothing was applied.
func (r Repair) Run(ctx context.Context) (done Repaired, err error) {
	to, ok := r.Online.(pipeline.Repairer)
	if !ok {
		return done, errors.New("repair: the online store can't be repaired: it is no pipeline.Repairer")
	}
	if r.Most == 0 {
		r.Most = 0.01
	}
	f := &fixer{Repair: &r, to: to, kinds: map[string]fault{}}
	v := r.Verify
	v.Found = f.found
	if done.Before, err = v.Run(ctx); err != nil {
		return done, err
	}
	f.done = &done
	if n := int64(len(f.kinds)); n > few && float64(n) > r.Most*float64(done.Before.Keys) {
		return done, fmt.Errorf("%w: %d of %d", ErrTooMany, n, done.Before.Keys)
	}
	if err := f.repair(ctx); err != nil || !r.Apply || len(f.keys) == 0 {
		return done, err
	}
	v.Keys, v.Share, v.Found, v.Started = f.keys, 1, nil, nil
	done.After, err = v.Run(ctx)
	for _, d := range done.After.Faults {
		err = errors.Join(err, f.audit("stays", d))
	}
	return done, err
}
