package insync

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// readBoth reads each store once, the two beside each other: the snapshot is
// there already, so whatever is read online was read after it.
func (r *run) readBoth(ctx context.Context) error {
	if r.Keys != nil {
		if err := r.keepKeys(); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var errs [2]error
	var both sync.WaitGroup
	both.Go(func() {
		if errs[0] = r.readOffline(ctx); errs[0] != nil {
			stop()
		}
	})
	both.Go(func() {
		if errs[1] = r.readOnline(ctx); errs[1] != nil {
			stop()
		}
	})
	both.Wait()
	if errs[0] != nil && (errs[1] == nil || errors.Is(errs[1], context.Canceled)) {
		return fmt.Errorf("offline: %w", errs[0])
	}
	if errs[1] != nil {
		return fmt.Errorf("online: %w", errs[1])
	}
	return nil
}

func (r *run) readOffline(ctx context.Context) error {
	total := r.first.Rows()
	in := r.intake("offline", r.offline, total)
	err := r.first.Scan(ctx, nil, func(rows *feature.Scanned) error {
		if err := in.wait(ctx, rows.Len()); err != nil {
			return err
		}
		expected, err := r.expected(rows)
		if err != nil {
			return err
		}
		return in.take(expected, nil)
	})
	r.verdict.Rows = in.done.Load()
	return errors.Join(err, in.close())
}

func (r *run) readOnline(ctx context.Context) error {
	in := r.intake("online", r.online, 0)
	take := func(rows *feature.Scanned) error {
		if err := in.wait(ctx, rows.Len()); err != nil {
			return err
		}
		return in.take(rows, &r.ends)
	}
	var err error
	if r.Keys == nil {
		err = r.Online.ScanKeys(ctx, r.Schema, take)
	} else {
		err = r.Online.LookUp(ctx, r.Schema, r.Keys, func(row feature.Stored) error {
			one := feature.NewScanned(r.Schema)
			return errors.Join(one.Add(row), take(one))
		})
	}
	return errors.Join(err, in.close())
}

// expected are offline rows as they should be online.
func (r *run) expected(rows *feature.Scanned) (*feature.Scanned, error) {
	if r.Expect == nil {
		return rows, nil
	}
	out := feature.NewScanned(r.Schema)
	for i := range rows.Len() {
		row := rows.Row(i)
		if !row.Version.Delete {
			var goes bool
			version, only := row.Version, row.Only
			row, goes = r.Expect(row)
			row.Version, row.Only = version, only || !goes
		}
		if err := out.Add(row); err != nil {
			return nil, fmt.Errorf("what Expect made of the row at %s: %w", placeText(row.Version), err)
		}
	}
	return out, nil
}

func (r *run) wanted(key []byte) bool {
	if r.keep != nil {
		return r.keep[string(key)]
	}
	return r.Share == 1 || float64(maphash.Bytes(r.seed, key)>>1) < r.Share*math.MaxInt64
}

func (r *run) keepKeys() error {
	r.keep = map[string]bool{}
	for _, key := range r.Keys {
		if len(key) != len(r.Schema.Keys()) {
			return fmt.Errorf("verify: key %v: want a value for each of %v", key, r.Schema.Group.PrimaryKey)
		}
		var b []byte
		for _, v := range key {
			b = feature.AppendValue(b, v)
		}
		r.keep[string(b)] = true
	}
	return nil
}
