package insync

import (
	"context"
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

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
