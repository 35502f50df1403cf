package insync

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// place is where in the log a row came from.
type place struct {
	epoch, partition int32
	offset           int64
}

func placeOf(v feature.Version) place { return place{v.Epoch, v.Partition, v.Offset} }

// findLost tells rows that the snapshot lost from rows that should never have been
// online: of those, it has another row of their place in the log. For that the snapshot is
// read once more.
func (a *again) findLost(ctx context.Context) error {
	if a.lost.n == 0 {
		return nil
	}
	in, err := a.lost.turn()
	if err != nil {
		return fmt.Errorf("scratch disk: %w", err)
	}
	defer in.close()
	return in.chunks(func(chunk []doubt) error {
		if err := a.places(ctx, chunk); err != nil {
			return fmt.Errorf("offline: %w", err)
		}
		return nil
	})
}

func (a *again) places(ctx context.Context, chunk []doubt) error {
	at := make(map[place]*doubt, len(chunk))
	for i := range chunk {
		at[placeOf(chunk[i].online.version)] = &chunk[i]
	}
	var mu sync.Mutex
	there := map[*doubt]bool{}
	err := a.newest.Scan(ctx, nil, func(rows *feature.Scanned) error {
		mu.Lock()
		defer mu.Unlock()
		for _, v := range rows.Versions {
			if x, ok := at[placeOf(v)]; ok {
				there[x] = true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var errs []error
	for i := range chunk {
		x, kind := &chunk[i], MissingOffline
		if there[at[placeOf(x.online.version)]] {
			kind = Extra
		}
		errs = append(errs, a.run.verdict.fault(a.run.Verify, kind, x.key, x.offline, x.online))
	}
	return errors.Join(errs...)
}
