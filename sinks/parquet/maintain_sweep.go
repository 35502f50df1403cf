package parquet

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
	"unique"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// sweeper removes the files of expired snapshots once their time for readers is
// over. It keeps its list in memory: what a process that ends has not removed is
// found as orphans. It runs beside all else.
type sweeper struct {
	lake *lake
	set  *Sink
	wake chan struct{}

	mu   sync.Mutex
	gone []past // to be looked at

	// Of run alone.
	passed    []past               // whose files are still to be noted
	known     map[int64]names      // of the snapshots that were looked at
	manifests map[string]time.Time // and lists of them that no snapshot names: when they go
	data      map[string]time.Time // files that a snapshot took out of the table: when they may go
}

// names are the manifests of a snapshot.
type names []unique.Handle[string]

func newSweeper(l *lake, set *Sink) *sweeper {
	return &sweeper{
		lake: l, set: set, wake: make(chan struct{}, 1),
		known: map[int64]names{}, manifests: map[string]time.Time{}, data: map[string]time.Time{},
	}
}

// add hands over snapshots that were expired.
func (s *sweeper) add(gone []past) {
	if len(gone) == 0 {
		return
	}
	s.mu.Lock()
	s.gone = append(s.gone, gone...)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *sweeper) take() []past {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := s.gone
	s.gone = nil
	return gone
}

// run sweeps whenever there was a round of maintenance.
func (s *sweeper) run(ctx context.Context, logger *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			logger.Warn("removing files of expired snapshots failed, will retry after the next maintenance", "error", err)
		}
	}
}

func (s *sweeper) sweep(ctx context.Context) error {
	s.passed = append(s.passed, s.take()...) // before the table is loaded, which then lists none of them
	t, err := s.lake.load(ctx)
	if err != nil {
		return err
	}
	if !collects(t.Properties()) {
		return nil
	}
	listed := t.Metadata().Snapshots()
	for _, snap := range listed {
		if err := s.learn(snap); err != nil {
			return err
		}
	}
	named := s.named(listed)
	for _, snap := range s.passed {
		s.retire(snap, named)
	}
	s.passed = nil
	s.forget(listed)
	return errors.Join(s.removeManifests(named), s.removeData(ctx, listed))
}

// learn reads a snapshot's list of manifests once, and which files it took out
// of the table.
func (s *sweeper) learn(snap table.Snapshot) error {
	if _, ok := s.known[snap.SnapshotID]; ok {
		return nil
	}
	manifests, err := snap.Manifests(s.lake.disk)
	if err != nil {
		return err
	}
	var of names
	for _, m := range manifests {
		of = append(of, unique.Make(m.FilePath()))
		if m.SnapshotID() != snap.SnapshotID || m.DeletedDataFiles() == 0 {
			continue
		}
		for e, err := range m.Entries(s.lake.disk, false) {
			if err != nil {
				return err
			}
			if e.Status() == iceberg.EntryStatusDELETED {
				later(s.data, e.DataFile().FilePath(), s.due(born(&snap))) // then its parent ended
			}
		}
	}
	s.known[snap.SnapshotID] = of
	return nil
}

// named are the manifests, and their lists, of the snapshots in the table.
func (s *sweeper) named(listed []table.Snapshot) map[string]bool {
	named := map[string]bool{}
	for _, snap := range listed {
		named[snap.ManifestList] = true
		for _, m := range s.known[snap.SnapshotID] {
			named[m.Value()] = true
		}
	}
	return named
}

// retire has the files go that only this snapshot named, and others like it. One
// that can't be read any more was retired by another process.
func (s *sweeper) retire(snap past, named map[string]bool) {
	if s.learn(snap.Snapshot) != nil {
		return
	}
	due := s.due(snap.end)
	later(s.manifests, snap.ManifestList, due)
	for _, m := range s.known[snap.SnapshotID] {
		if !named[m.Value()] {
			later(s.manifests, m.Value(), due)
		}
	}
}

// due is when files go that are needed no more since a time, which a clock that was
// ahead may have put into the future.
func (s *sweeper) due(end int64) time.Time {
	return s.set.until(min(end, s.set.now().UnixMilli()))
}

// later notes when a file may go: after the last snapshot that had it.
func later(files map[string]time.Time, path string, at time.Time) {
	if at.After(files[path]) {
		files[path] = at
	}
}

func (s *sweeper) forget(listed []table.Snapshot) {
	known := make(map[int64]names, len(listed))
	for _, snap := range listed {
		known[snap.SnapshotID] = s.known[snap.SnapshotID]
	}
	s.known = known
}
