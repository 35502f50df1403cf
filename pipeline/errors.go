package pipeline

import (
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Error says where in the graph something failed, and why.
type Error struct {
	Node  string
	Place string // topic/partition@offset, or empty where it concerns no row
	Err   error
}

// Error is node, place and cause.
func (e *Error) Error() string {
	if e.Place == "" {
		return fmt.Sprintf("node %q: %v", e.Node, e.Err)
	}
	return fmt.Sprintf("node %q: %s: %v", e.Node, e.Place, e.Err)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// RecordError says which row of a log an error is about.
type RecordError struct {
	feature.TopicPartition
	Offset int64
	Err    error
}

// Error is the place, topic/partition@offset, and the cause.
func (e *RecordError) Error() string { return place(e.TopicPartition, e.Offset) + ": " + e.Err.Error() }

// Unwrap is the cause.
func (e *RecordError) Unwrap() error { return e.Err }

func place(p feature.TopicPartition, offset int64) string {
	return fmt.Sprintf("%s/%d@%d", p.Topic, p.Partition, offset)
}

type class struct {
	error
	restart bool
}

func (c class) Unwrap() error { return c.error }

// Transient marks an error that may pass by itself: the same batch is tried
// again, with back-off, and the lane's order is kept.
func Transient(err error) error { return class{err, false} }

// Restart marks an error after which what this process holds is no longer its
// own (a lane was lost, another writer was faster): everything that isn't
// durable is dropped, and all lanes reopen where the stores are.
func Restart(err error) error { return class{err, true} }

// IsTransient reports whether err was marked by Transient.
func IsTransient(err error) bool {
	var c class
	return errors.As(err, &c) && !c.restart
}

// IsRestart reports whether err was marked by Restart.
func IsRestart(err error) bool {
	var c class
	return errors.As(err, &c) && c.restart
}

// DataLossError says that a log no longer holds what comes next: retention or a
// truncation took the records in between. Nothing is skipped silently.
type DataLossError struct {
	feature.TopicPartition
	Want     int64 // the offset that comes next
	Earliest int64 // the first one that the log still has
	Latest   int64 // its end
}

// Error says what is missing.
func (e *DataLossError) Error() string {
	if e.Want > e.Latest {
		return fmt.Sprintf("%s: the log ends at %d: it was truncated or recreated", place(e.TopicPartition, e.Want), e.Latest)
	}
	return fmt.Sprintf("%s: the log begins at %d: %d offsets are gone", place(e.TopicPartition, e.Want), e.Earliest, e.Earliest-e.Want)
}
