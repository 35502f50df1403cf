package parquet

import (
	"context"
	"errors"

	"github.com/apache/iceberg-go/table"
)

// removeManifests removes manifests, and lists of them, that are due.
func (s *sweeper) removeManifests(named map[string]bool) error {
	var errs []error
	for path, at := range s.manifests {
		if s.set.now().After(at) {
			delete(s.manifests, path)
			if !named[path] {
				errs = append(errs, s.lake.disk.Remove(path))
			}
		}
	}
	return errors.Join(errs...)
}

// removeData removes data files, and files of deletes, that no snapshot in the
// table has. For that it reads all of the table's manifests, which is needed only
// where a compaction, or another engine, took files out.
func (s *sweeper) removeData(ctx context.Context, listed []table.Snapshot) error {
	due := map[string]bool{}
	for path, at := range s.data {
		if s.set.now().After(at) {
			due[path] = true
		}
	}
	if len(due) == 0 {
		return nil
	}
	if err := s.spare(ctx, listed, due); err != nil {
		return err
	}
	var errs []error
	for path := range due {
		delete(s.data, path)
		errs = append(errs, s.lake.disk.Remove(path))
	}
	return errors.Join(errs...)
}

// spare takes out of due what a snapshot has, and looks at it again later.
func (s *sweeper) spare(ctx context.Context, listed []table.Snapshot, due map[string]bool) error {
	read := map[string]bool{}
	for _, snap := range listed {
		manifests, err := snap.Manifests(s.lake.disk)
		if err != nil {
			return err
		}
		for _, m := range manifests {
			if read[m.FilePath()] {
				continue
			}
			read[m.FilePath()] = true
			for e, err := range m.Entries(s.lake.disk, true) {
				if err = errors.Join(err, ctx.Err()); err != nil {
					return err
				}
				if path := e.DataFile().FilePath(); due[path] {
					delete(due, path)
					s.data[path] = s.set.now().Add(s.set.KeepFor)
				}
			}
		}
	}
	return nil
}
