package parquet

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/apache/iceberg-go/catalog"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var _ pipeline.SnapshotReader = (*Sink)(nil)

// snapshot is the table at one commit. Its files stay for KeepFor, however many
// commits follow.
type snapshot struct {
	lake     *lake
	name     string
	at       time.Time
	progress map[feature.TopicPartition]feature.Progress
	data     []stored
	deletes  []stored
	rows     int64

	mu sync.Mutex // guards what the lake remembers of delete files
}

// Snapshot opens the table's current snapshot. A table that isn't there is an error.
func (s *Sink) Snapshot(ctx context.Context, schema *feature.Schema) (pipeline.Snapshot, error) {
	_, l, err := s.dial(schema)
	if err != nil {
		return nil, err
	}
	snap, err := l.snapshot(ctx)
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return snap, nil
}

func (l *lake) snapshot(ctx context.Context) (*snapshot, error) {
	t, err := l.load(ctx)
	if errors.Is(err, catalog.ErrNoSuchTable) {
		return nil, fmt.Errorf("the offline table isn't there: %w", err)
	}
	if err == nil {
		err = l.take(t, l.schema)
	}
	if err != nil {
		return nil, err
	}
	s := &snapshot{lake: l, progress: map[feature.TopicPartition]feature.Progress{}}
	known, err := progressOf(t)
	if err != nil {
		return nil, err
	}
	for name, p := range known {
		place, err := placeOf(name)
		if err != nil {
			return nil, err
		}
		s.progress[place] = p
	}
	if current := t.CurrentSnapshot(); current != nil {
		s.name, s.at = strconv.FormatInt(current.SnapshotID, 10), time.UnixMilli(current.TimestampMs)
	}
	s.data, s.deletes, err = l.inventory.at(t, l.disk, l.layout)
	for _, f := range s.data {
		s.rows += f.rows
	}
	return s, err
}

// placeOf reads what progressName writes.
func placeOf(name string) (feature.TopicPartition, error) {
	at := strings.LastIndexByte(name, '/')
	id, err := strconv.ParseInt(name[at+1:], 10, 32)
	if at < 0 || err != nil {
		return feature.TopicPartition{}, fmt.Errorf("%s: %q is no topic and partition", progressKey, name)
	}
	return feature.TopicPartition{Topic: name[:at], Partition: int32(id)}, nil
}

func (s *snapshot) Name() string                                          { return s.name }
func (s *snapshot) At() time.Time                                         { return s.at }
func (s *snapshot) Progress() map[feature.TopicPartition]feature.Progress { return s.progress }
func (s *snapshot) Rows() int64                                           { return s.rows }
func (s *snapshot) Close() error                                          { return s.lake.close() }

// Scan reads a file on each CPU.
func (s *snapshot) Scan(ctx context.Context, since pipeline.Snapshot, do func(*feature.Scanned) error) error {
	files := s.data
	if old, ok := since.(*snapshot); ok && old != nil {
		files = beside(files, old.data)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan stored)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		workers.Go(func() {
			for f := range next {
				if err := s.scanFile(ctx, f, do); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, f := range files {
		select {
		case next <- f:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}

// beside are the files that another snapshot doesn't have.
func beside(files, old []stored) []stored {
	had := make(map[string]bool, len(old))
	for _, f := range old {
		had[f.uri] = true
	}
	var out []stored
	for _, f := range files {
		if !had[f.uri] {
			out = append(out, f)
		}
	}
	return out
}
