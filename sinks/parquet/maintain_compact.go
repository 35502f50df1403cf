package parquet

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/apache/iceberg-go/table/compaction"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Compaction is what Compact did.
type Compaction struct {
	Before, After int // data files that were rewritten, and those in their place
	Deletes       int // files of position deletes that are needed no more
}

// ErrBusy says that other writers were faster each time. The table is whole.
var ErrBusy = errors.New("the table changes faster than its files can be rewritten")

// A file below minShare of Sink.FileBytes, or with so many files of deletes, is rewritten.
const (
	minShare     = 0.75
	manyDeletes  = 5
	fewestFiles  = 5
	maxRewrites  = 10
	compactRows  = 16 << 10 // rows in a batch on the way from file to file
	compactAhead = 2        // batches
)

// Compact rewrites small data files, and those with many deleted rows, into
// files of about FileBytes, one group of files and one commit after the other.
// Rows, identities and progress stay as they are. It is safe beside any number
// of writers, and its commits like theirs are all or nothing: one that finds
// the table changed starts its group again. Run it from time to time, where the
// table gets many small commits; memory is bounded by a batch of rows and the
// positions of deletes.
func (s *Sink) Compact(ctx context.Context, schema *feature.Schema) (done Compaction, err error) {
	if err := s.Check(schema); err != nil {
		return done, err
	}
	set := s.withDefaults()
	l, err := dial(&set, schema)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	races := 0
	for {
		c, err := l.compactOne(ctx, set.FileBytes)
		switch {
		case errors.Is(err, errMoved):
			if races++; races == maxRewrites {
				return done, fmt.Errorf("compact %s: %w", schema.Group.Table(), ErrBusy)
			}
			continue
		case err != nil:
			return done, fmt.Errorf("compact %s: %w", schema.Group.Table(), err)
		case c.Before == 0:
			return done, nil
		}
		done.Before, done.After, done.Deletes = done.Before+c.Before, done.After+c.After, done.Deletes+c.Deletes
		if c.After >= c.Before {
			return done, nil // another round would gain nothing
		}
	}
}

// compactOne rewrites the first group of files that is worth it, if there is one.
func (l *lake) compactOne(ctx context.Context, target int64) (Compaction, error) {
	t, err := l.load(ctx)
	if err == nil {
		err = l.take(t, l.schema)
	}
	if err != nil {
		return Compaction{}, err
	}
	cfg := compaction.DefaultConfig()
	cfg.TargetFileSizeBytes, cfg.MinFileSizeBytes, cfg.MaxFileSizeBytes = target, int64(minShare*float64(target)), 2*target
	cfg.MinInputFiles, cfg.DeleteFileThreshold = fewestFiles, manyDeletes
	plan, err := compaction.Analyze(ctx, t, cfg)
	if err != nil || len(plan.Groups) == 0 {
		return Compaction{}, err
	}
	g := plan.Groups[0]
	as, err := l.likeOurs(t)
	if err != nil {
		return Compaction{}, err
	}
	rewritten, err := table.ExecuteCompactionGroup(ctx, as,
		table.CompactionTaskGroup{PartitionKey: g.PartitionKey, Tasks: g.Tasks, TotalSizeBytes: g.TotalSizeBytes},
		table.WithCompactionTargetFileSize(target), table.WithCompactionScanConcurrency(1),
		table.WithCompactionArrowBatchSize(compactRows), table.WithCompactionRecordBatchBufferSize(compactAhead),
		table.WithCompactionParquetRowGroupLimit(groupRows))
	if err == nil {
		err = l.indexAll(ctx, t, rewritten.NewDataFiles)
	}
	if err == nil {
		var done Compaction
		if done, err = l.publishCompaction(ctx, t, rewritten); err == nil {
			return done, nil
		}
	}
	// Unless the commit is known to have failed, the table may name the files: if it
	// does not, they are removed as orphans.
	if errors.Is(err, errMoved) {
		for _, f := range rewritten.NewDataFiles {
			_ = l.disk.Remove(f.FilePath())
		}
	}
	return Compaction{}, err
}

// indexAll gives files that the library wrote the index that ours have.
func (l *lake) indexAll(ctx context.Context, t *table.Table, files []iceberg.DataFile) error {
	for i, f := range files {
		if err := l.addIndex(f.FilePath()); err != nil {
			return fmt.Errorf("indexing %s: %w", f.FilePath(), err)
		}
		described, err := table.FileToDataFile(ctx, l.disk, f.FilePath(), t.Schema(), t.Spec(), 0, t.Properties())
		if err != nil {
			return fmt.Errorf("describing %s: %w", f.FilePath(), err)
		}
		files[i] = described
	}
	return nil
}

// publishCompaction commits new files in the place of old ones, on exactly the
// table that they were made from. The snapshot carries the progress on.
func (l *lake) publishCompaction(ctx context.Context, t *table.Table, r table.CompactionGroupResult) (Compaction, error) {
	tx := t.NewTransaction()
	if err := tx.AssertRefSnapshotID(table.MainBranch); err != nil {
		return Compaction{}, err
	}
	old := make(map[string]struct{}, len(r.OldDataFiles))
	for _, f := range r.OldDataFiles {
		old[f.FilePath()] = struct{}{}
	}
	dead, err := compaction.CollectDeadPositionDeletes(ctx, l.disk, t.CurrentSnapshot(), old)
	if err != nil {
		return Compaction{}, err
	}
	r.SafePosDeletes = dead
	text, err := progressText(t)
	if err != nil {
		return Compaction{}, err
	}
	if err := tx.NewRewrite(iceberg.Properties{progressKey: text}).ApplyResult(r).Commit(ctx); err != nil {
		return Compaction{}, err
	}
	if _, err := tx.Commit(ctx); err != nil {
		return Compaction{}, err
	}
	return Compaction{Before: len(r.OldDataFiles), After: len(r.NewDataFiles), Deletes: len(dead)}, nil
}

// likeOurs is the table with properties by which the library writes files as we
// do: a filter on the key, pages that every reader takes, and no dictionaries of
// floats, in which it takes all NaNs for one. Nothing of it is committed.
func (l *lake) likeOurs(t *table.Table) (*table.Table, error) {
	set := iceberg.Properties{"write.parquet.compression-codec": "snappy", "write.parquet.page-version": "1"}
	if k := filterKey(l.schema); k >= 0 {
		set["write.parquet.bloom-filter-enabled.column."+l.schema.Fields[k].Name] = "true"
	}
	for _, f := range t.Schema().Fields() { // among them those that the schema at hand lacks
		for _, path := range floats(f.Name, f.Type) {
			set["write.parquet.dict-encoding-enabled.column."+path] = "false"
		}
	}
	m, err := table.UpdateTableMetadata(t.Metadata(), []table.Update{table.NewSetPropertiesUpdate(set)}, t.MetadataLocation())
	if err != nil {
		return nil, err
	}
	return table.New(l.id, m, t.MetadataLocation(), l.catalog.fs, l.catalog), nil
}

// floats are the paths of a column's leaves that hold floats.
func floats(path string, t iceberg.Type) []string {
	switch t := t.(type) {
	case iceberg.Float32Type, iceberg.Float64Type:
		return []string{path}
	case *iceberg.ListType:
		return floats(path+".list.element", t.Element)
	case *iceberg.MapType:
		return floats(path+".key_value.value", t.ValueType)
	case *iceberg.StructType:
		var all []string
		for _, f := range t.FieldList {
			all = append(all, floats(path+"."+f.Name, f.Type)...)
		}
		return all
	}
	return nil
}
