package pipeline

import (
	"context"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// SnapshotReader is an offline sink whose table can be read as one commit left
// it, whatever is committed meanwhile. The sink need not be open.
type SnapshotReader interface {
	// Snapshot finds the table's newest commit.
	Snapshot(ctx context.Context, s *feature.Schema) (Snapshot, error)
}

// Snapshot is an offline table at one commit.
type Snapshot interface {
	// Name is what people and other engines find it by; empty before the first commit.
	Name() string

	// At is when it was committed.
	At() time.Time

	// Progress is how far each partition of the log was durable then, in both
	// stores: see feature.SinkProgress.Next.
	Progress() map[feature.TopicPartition]feature.Progress

	// Rows is how many there are at most; Scan may find fewer.
	Rows() int64

	// Scan gives all rows, deletes among them, in no order, from several goroutines
	// at a time. With an older snapshot of the same table it leaves out what lies in files
	// that both have: what it gives are all the rows that came after that one, and
	// perhaps others. The rows are the callee's again when do returns; an error of
	// do ends the scan and is returned.
	Scan(ctx context.Context, since Snapshot, do func(*feature.Scanned) error) error

	Close() error
}

// KeyReader is an online sink whose table can be read back, while it is
// written, too. The sink need not be open.
type KeyReader interface {
	// ScanKeys gives the row of each key, in no order, from several goroutines at
	// a time. What is written meanwhile may or may not be seen, but each key that is there all
	// the time is given once. The rows are the callee's again when do returns; an
	// error of do ends the scan and is returned.
	ScanKeys(ctx context.Context, s *feature.Schema, do func(*feature.Scanned) error) error

	// LookUp gives the rows of some keys, each the values of the key's columns in
	// declared order. A key that has no row is left out.
	LookUp(ctx context.Context, s *feature.Schema, keys [][]any, do func(feature.Stored) error) error

	// ShowsDeletes reports whether deleted keys are given, as deletes, by both.
	ShowsDeletes() bool
}

// Repairer is an online sink whose table can be put right while graphs write to it.
type Repairer interface {
	KeyReader

	// Repair does what fixes say, each for a key of its own. A newer row that is
	// there, or that comes meanwhile, stays. All of it may come again.
	//
	// Where what is there was written by hand, a store that goes by timestamps of
	// writes may keep it: there is no error, and LookUp shows it.
	Repair(ctx context.Context, s *feature.Schema, fixes []Fix) error
}

// Fix is what a key's row should be.
type Fix struct {
	// Row is the newest row of the key, or a delete, with its own place in the log. It
	// replaces what is there unless that is newer; of a row from the same place, whatever it is.
	Row feature.Stored

	// Remove has the row taken away that is from Row's place, and nothing put there.
	Remove bool
}
