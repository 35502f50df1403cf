package insync

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Compare compares two lists of rows: of both stores, while nothing writes to
// them and all that was read from the log is in both. A row that one of them lacks
// is a fault, then, wherever in the log it came from. Otherwise it is as Verify.
func Compare(ctx context.Context, s *feature.Schema, online, offline iter.Seq2[feature.Stored, error]) (Verdict, error) {
	return Verify{Schema: s, Offline: lists{offline}, Online: lists{online}, still: true}.Run(ctx)
}

// lists are a store that stands still.
type lists struct {
	rows iter.Seq2[feature.Stored, error]
}

func (l lists) Snapshot(_ context.Context, s *feature.Schema) (pipeline.Snapshot, error) {
	return list{l, s}, nil
}

func (l lists) ShowsDeletes() bool { return true }

// LookUp is for what stores can be asked while they are written.
func (l lists) LookUp(context.Context, *feature.Schema, [][]any, func(feature.Stored) error) error {
	return nil
}

func (l lists) ScanKeys(ctx context.Context, s *feature.Schema, do func(*feature.Scanned) error) error {
	rows := feature.NewScanned(s)
	for row, err := range l.rows {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && len(row.Values) != len(s.Fields) {
			err = fmt.Errorf("a row of %d values, want the %d of (%v)", len(row.Values), len(s.Fields), s)
		}
		if err == nil {
			err = rows.Add(row)
		}
		if err == nil && rows.Len() == 1000 {
			err = do(rows)
			rows.Clear()
		}
		if err != nil {
			return err
		}
	}
	return do(rows)
}

// list is a snapshot.
type list struct {
	lists
	schema *feature.Schema
}

func (l list) Name() string                                          { return "" }
func (l list) At() time.Time                                         { return time.Time{} }
func (l list) Progress() map[feature.TopicPartition]feature.Progress { return nil }
func (l list) Rows() int64                                           { return 0 }
func (l list) Close() error                                          { return nil }

func (l list) Scan(ctx context.Context, since pipeline.Snapshot, do func(*feature.Scanned) error) error {
	if since != nil {
		return nil // nothing has come since
	}
	return l.ScanKeys(ctx, l.schema, do)
}
