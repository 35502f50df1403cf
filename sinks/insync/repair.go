package insync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
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

// fixer repairs what a verification finds.
type fixer struct {
	*Repair
	to    pipeline.Repairer
	kinds map[string]fault // by key
	done  *Repaired
	keys  [][]any // that were repaired
}

type fault struct {
	kind   Kind
	online *feature.Version
}

// found takes a fault. Those of one run are in memory: their number is bounded by Most.
func (f *fixer) found(d Difference) error {
	var key []byte
	for _, v := range d.Key {
		key = feature.AppendValue(key, v)
	}
	if _, again := f.kinds[string(key)]; !again || d.Kind != Twice {
		f.kinds[string(key)] = fault{d.Kind, d.Online}
	}
	err := f.audit("found", d)
	if f.Found != nil {
		err = errors.Join(err, f.Found(d))
	}
	return err
}

// repair sends what the newest snapshot says of the keys.
func (f *fixer) repair(ctx context.Context) error {
	var chunk []doubt
	for key, fault := range f.kinds {
		if fault.kind == MissingOffline || fault.kind == Twice {
			f.done.Beyond++
			continue
		}
		if chunk = append(chunk, doubt{key: []byte(key)}); len(chunk) == chunkDoubts {
			if err := f.chunk(ctx, chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	return f.chunk(ctx, chunk)
}

func (f *fixer) chunk(ctx context.Context, chunk []doubt) error {
	if len(chunk) == 0 {
		return nil
	}
	newest, err := f.newest(ctx, chunk)
	if err != nil {
		return fmt.Errorf("offline: %w", err)
	}
	var fixes []pipeline.Fix
	for i, x := range chunk {
		values, err := keyOf(x.key)
		if err != nil {
			return err
		}
		f.keys = append(f.keys, values)
		list, err := f.plan(f.kinds[string(x.key)], values, newest[i])
		if err != nil {
			return err
		}
		fixes = append(fixes, list...)
	}
	for _, fix := range fixes {
		if err := f.sent(fix); err != nil {
			return err
		}
	}
	if !f.Apply {
		return nil
	}
	for len(fixes) > 0 {
		n := min(len(fixes), 1000)
		if err := f.to.Repair(ctx, f.Schema, fixes[:n]); err != nil {
			return fmt.Errorf("online: %w", err)
		}
		fixes = fixes[n:]
	}
	return nil
}

// newest finds the keys' rows in a snapshot of now.
func (f *fixer) newest(ctx context.Context, chunk []doubt) (rows []*feature.Stored, err error) {
	snap, err := f.Offline.Snapshot(ctx, f.Schema)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	at := make(map[string]int, len(chunk))
	for i := range chunk {
		at[string(chunk[i].key)] = i
	}
	rows = make([]*feature.Stored, len(chunk))
	run := &run{Verify: &f.Verify}
	in := run.finder(nil, at, nil)
	return rows, snap.Scan(ctx, nil, func(b *feature.Scanned) error {
		expected, err := run.expected(b)
		if err != nil {
			return err
		}
		in.each(expected, func(k, i int) {
			row := expected.Row(i)
			if old := rows[k]; !row.Only && (old == nil || f.Schema.Group.Order.Compare(row.Version, old.Version) > 0) {
				rows[k] = &row
			}
		})
		return nil
	})
}

// plan is what there is to do about a key.
func (f *fixer) plan(x fault, key []any, newest *feature.Stored) (fixes []pipeline.Fix, err error) {
	if x.kind == Extra {
		row := feature.Stored{Version: *x.online, Values: make([]any, len(f.Schema.Fields))}
		for i, k := range f.Schema.Keys() {
			row.Values[k] = key[i]
		}
		if t := f.Schema.Time(); t >= 0 && row.Values[t] == nil {
			row.Values[t] = timeValue(f.Schema.Fields[t], x.online.Time)
		}
		fixes = append(fixes, pipeline.Fix{Row: row, Remove: true})
	}
	if newest != nil {
		fixes = append(fixes, pipeline.Fix{Row: *newest})
	}
	return fixes, nil
}

func timeValue(f feature.Field, t int64) any {
	if f.Kind == feature.Int32 {
		return int32(t)
	}
	return t
}

// sent counts and writes down a fix, before it is done.
func (f *fixer) sent(fix pipeline.Fix) error {
	d := Difference{Online: &fix.Row.Version}
	for _, k := range f.Schema.Keys() {
		d.Key = append(d.Key, fix.Row.Values[k])
	}
	what := "put"
	if fix.Remove || fix.Row.Version.Delete {
		f.done.Gone++
		what = "delete"
	} else {
		f.done.Put++
	}
	if !f.Apply {
		what = "would " + what
	}
	return f.audit(what, d)
}

func (f *fixer) audit(what string, d Difference) error {
	if f.Audit == nil {
		return nil
	}
	line := map[string]any{"at": time.Now().UTC().Format(time.RFC3339Nano), "did": what, "key": d.Key}
	if d.Kind.Fault() {
		line["kind"] = d.Kind.String()
	}
	for name, v := range map[string]*feature.Version{"online": d.Online, "offline": d.Offline} {
		if v != nil {
			line[name] = v
		}
	}
	if err := json.NewEncoder(f.Audit).Encode(line); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}
