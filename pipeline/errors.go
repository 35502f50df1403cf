package pipeline

import (
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/internal/engine"
	"github.com/tandemdata/tandem/pipeline/internal/failure"
)

var (
	errNoStage  = errors.New("opened no stage, and gave no error")
	errNoWriter = errors.New("opened no writer, and gave no error")
)

// Error says where in the graph something failed, and why.
type Error struct {
	Node  string
	Place string // topic/partition@offset, or empty where Err says it, or where it concerns no row
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

// RecordError says which record of a log an error is about.
type RecordError struct {
	feature.TopicPartition
	Offset int64
	Err    error
}

// Error is the place, topic/partition@offset, and the cause.
func (e *RecordError) Error() string { return e.Place() + ": " + e.Err.Error() }

// Unwrap is the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// Place is topic/partition@offset.
func (e *RecordError) Place() string { return engine.Place(e.TopicPartition, e.Offset) }

// placed is an error that says which record it is about.
type placed interface {
	error
	Place() string
}

// locate adds node and place to an error, each once.
func locate(node, place string, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	located := &Error{Node: node, Err: err}
	var at placed
	if !errors.As(err, &at) {
		located.Place = place
	}
	return located
}

// Transient marks an error that may pass by itself: the same batch is tried
// again, with back-off, and the lane's order is kept. Nil stays nil.
//
// Where marked errors are joined with others, the gravest decides: one without a
// mark stops the graph, then Restart, then Transient.
func Transient(err error) error { return failure.Mark(err, failure.Transient) }

// Restart marks an error after which what this process holds is no longer its
// own (a lane was lost, another writer was faster): everything that isn't
// durable is dropped, and all lanes reopen where the stores are. Nil stays nil.
func Restart(err error) error { return failure.Mark(err, failure.Restart) }

// IsTransient reports whether err means that the same batch may be tried again.
func IsTransient(err error) bool { return failure.Of(err) == failure.Transient }

// IsRestart reports whether err means that all lanes must reopen.
func IsRestart(err error) bool { return failure.Of(err) == failure.Restart }

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
		return fmt.Sprintf("%s: the log ends at %d: it was truncated or recreated", e.Place(), e.Latest)
	}
	return fmt.Sprintf("%s: the log begins at %d: %d offsets are gone", e.Place(), e.Earliest, e.Earliest-e.Want)
}

// Place is topic/partition@offset of what is missing first.
func (e *DataLossError) Place() string { return engine.Place(e.TopicPartition, e.Want) }
