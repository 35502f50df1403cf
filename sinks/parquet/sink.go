package parquet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Sink writes the rows of a group to the table features.<group.Table()> of the
// catalog in <Warehouse>/catalog.db. Any engine that reads Iceberg version 2
// can read it.
//
// A table has the group's columns under their own names, and tandem_epoch,
// tandem_partition, tandem_offset, tandem_time, tandem_deleted and tandem_only: see
// feature.EpochColumn and those after it. Timestamps and times of day are kept in
// microseconds, which is what Iceberg has; nanoseconds are kept as a plain long, and
// durations as fixed[12]. A delete is a row with tandem_deleted, its key, its time
// and nulls.
type Sink struct {
	Warehouse string // required: a directory

	CommitEvery time.Duration // from the first uncommitted row to its commit; default 5s
	CommitRows  int           // rows held uncommitted at most: half of them in a commit, half waiting for the next; default 1,000,000

	FileRows  int   // rows of a data file at most; default 1,000,000
	FileBytes int64 // size at which a data file is closed; default 128 MiB
	Files     int   // data files written side by side at most; default: CPUs, up to 4

	// Partition is how a new table is partitioned: Iceberg's transforms of key columns and
	// the event time, such as "day(ts), bucket(16, user_id)": year, month, day, hour,
	// bucket(n, …), truncate(n, …), or a column as it is. A table that exists keeps its own,
	// which other engines may change at any time. Default: none.
	//
	// OpenFiles is how many data files of partitions are open side by side, beyond which
	// the one that was used longest ago is closed: more partitions at a time make small
	// files, which maintenance merges. Default: as many as take 128 MiB, at 256 KiB a column; 4 at least.
	Partition string
	OpenFiles int

	// Sort is what maintenance sorts files by, as "user_id, ts". Numbers, texts, bytes and times
	// can be. Default: the key, then the event time, which is what look-ups and joins as of a time want.
	Sort string

	// The table lists its newest KeepSnapshots, and of what is older the first of
	// each sixtieth of KeepFor: by these, and by tags and branches, a reader can
	// go back, by a snapshot's id or by time. One that has planned on any snapshot finds
	// its files for KeepFor from when that was no longer the newest.
	KeepSnapshots int           // default 20
	KeepFor       time.Duration // default 1h

	// Retain is how long tags keep what the table held when a day was over (UTC):
	// daily-2026-11-26 and the like, and hourly-2026-11-26-10 for a day at most. The first
	// commit after it makes the tag. Each tag is a kilobyte of metadata, which every commit
	// writes. See Tag for what is to stay. Default 7 days; negative: no tags.
	Retain time.Duration

	// Maintain is on unless it is MaintainOff: beside its commits, an open sink
	// rewrites small files and those with many deleted rows, sorted,
	// as Compact does. Of several processes that share a topic's partitions, one
	// does. MaintainRate is how many bytes a second it writes; default a fifth of
	// what the sink writes, and 4 MiB at least.
	Maintain     Maintain
	MaintainRate int64

	// OrphanAge is how old, beyond KeepFor, a file that no snapshot names must be
	// to be removed, for which an open sink looks once a day. It must be well above the time from a row
	// to its commit in any process that writes to the table. Default 24h; negative: never.
	OrphanAge time.Duration

	fault func(op, path string) error // tests make the file system fail
	clock func() time.Time            // tests set the time; nil: time.Now

	runBytes    int   // of rows that a rewrite sorts in memory; default 16 MiB
	streamBytes int64 // size from which on a file that is sorted is read block by block; default 8 MiB
}

var _ pipeline.Sink = (*Sink)(nil)

// Store says that this is an offline store.
func (s *Sink) Store() feature.Store { return feature.Offline }

// Check reports a missing or unusable warehouse, and columns that an Iceberg
// table can't hold.
func (s *Sink) Check(schema *feature.Schema) error {
	var errs []error
	switch {
	case s.Warehouse == "":
		errs = append(errs, errors.New("no Warehouse: want a directory"))
	default:
		errs = append(errs, checkPath(s.Warehouse))
	}
	if s.CommitEvery < 0 || s.CommitRows < 0 || s.FileRows < 0 || s.FileBytes < 0 || s.Files < 0 || s.KeepSnapshots < 0 || s.KeepFor < 0 || s.OpenFiles < 0 || s.MaintainRate < 0 {
		errs = append(errs, errors.New("a setting is negative"))
	}
	if s.Maintain > MaintainOff {
		errs = append(errs, fmt.Errorf("Maintain %d is none of its settings", s.Maintain))
	}
	if s.OrphanAge > 0 && s.OrphanAge < 2*cmp.Or(s.CommitEvery, 5*time.Second) {
		errs = append(errs, fmt.Errorf("OrphanAge %v: uncommitted files of another process could be as old", s.OrphanAge))
	}
	if _, err := parsePartition(s.Partition); err != nil {
		errs = append(errs, err)
	} else if schema != nil {
		errs = append(errs, checkFields(schema), checkPartition(s.Partition, schema))
		_, err := sortColumns(s.Sort, schema)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Open creates the group's table, or opens the one that exists if it has the
// group's columns, key and order.
func (s *Sink) Open(ctx context.Context, n *pipeline.SinkNode) (pipeline.Writer, error) {
	if err := s.Check(n.Schema); err != nil {
		return nil, err
	}
	set := s.withDefaults()
	lake, err := openLake(ctx, &set, n.Schema)
	if err != nil {
		return nil, err
	}
	if names := timesOfDay(n.Schema.Fields); len(names) > 0 {
		n.Logger.Warn("the table has a time of day, and Spark reads no table that has one", "columns", names)
	}
	return newWriter(&set, n, lake), nil
}

// checkPath refuses a directory whose name other readers take for something else
// where it stands in a URI.
func checkPath(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("warehouse %q: %w", dir, err)
	}
	if strings.ContainsAny(abs, "?#%") || strings.ContainsFunc(abs, unicode.IsControl) || !utf8.ValidString(abs) {
		return fmt.Errorf("warehouse %q: the name can hold none of ?#%%, no control characters, and only UTF-8", abs)
	}
	return nil
}

// cutRows is how many rows make a commit: as many may wait for the next.
func (s *Sink) cutRows() int { return max(s.CommitRows/2, 1) }

// now is the time by which old snapshots and files are removed.
func (s *Sink) now() time.Time {
	if s.clock != nil {
		return s.clock()
	}
	return time.Now()
}

// withDefaults is a copy in which nothing is zero.
func (s *Sink) withDefaults() Sink {
	d := *s
	if abs, err := filepath.Abs(d.Warehouse); err == nil {
		d.Warehouse = abs
	}
	d.CommitEvery = cmp.Or(d.CommitEvery, 5*time.Second)
	d.CommitRows = cmp.Or(d.CommitRows, 1_000_000)
	d.FileRows = cmp.Or(d.FileRows, 1_000_000)
	d.FileBytes = cmp.Or(d.FileBytes, 128<<20)
	d.Files = cmp.Or(d.Files, min(runtime.GOMAXPROCS(0), 4))
	d.KeepSnapshots = cmp.Or(d.KeepSnapshots, 20)
	d.KeepFor = cmp.Or(d.KeepFor, time.Hour)
	d.Retain = max(cmp.Or(d.Retain, 7*24*time.Hour), 0)
	d.OrphanAge = cmp.Or(d.OrphanAge, 24*time.Hour)
	d.runBytes = cmp.Or(d.runBytes, 16<<20)
	d.streamBytes = cmp.Or(d.streamBytes, 8<<20)
	return d
}
