package stages

import (
	"errors"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// fault is what is wrong with one record: its kind for counting, and a sentence
// for people.
type fault struct {
	kind string
	text string
}

func (f *fault) Error() string { return f.text }

// The faults of a record. README and dead letters know them by their kinds.
var (
	errTruncated = &fault{"truncated", "the payload ends too early"}
	errTrailing  = &fault{"trailing-bytes", "bytes are left over after the last field"}
	errOverflow  = &fault{"undecodable", "a number takes more bits than its type has"}
	errBool      = &fault{"undecodable", "a boolean is neither 0 nor 1"}
	errBranch    = &fault{"undecodable", "a union has no such branch"}
	errLength    = &fault{"undecodable", "a length is negative"}
	errBlock     = &fault{"undecodable", "a block of items doesn't have the size that it claims"}
	errSymbol    = &fault{"undecodable", "an enum has no such symbol"}
	errTimeOfDay = &fault{"undecodable", "a time of day lies outside of the day"}
	errUUID      = &fault{"undecodable", "a UUID isn't 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12"}
	errPrecision = &fault{"undecodable", "a decimal has more digits than its precision"}
	errTwins     = &fault{"duplicate-key", "a map has it twice"}
	errTwoWays   = &fault{"undecodable", "the row can be read in two ways, by where null stands in its unions: name its subject's schema"}
	errUTF8      = &fault{"invalid-utf8", "a string isn't valid UTF-8"}
	errTooLong   = &fault{"too-long", "the record is longer than MaxBytes"}
	errWriter    = &fault{"unknown-schema", "the schema that wrote the record is not known"}
	errSchema    = &fault{"incompatible-schema", "the schema that wrote the record doesn't resolve to the reader's"}
	errDepth     = &fault{"undecodable", "a value is nested too deeply"}
	errMagic     = &fault{"bad-magic", "the value doesn't begin as its format does"}
	errHeader    = &fault{"short-header", "the value ends within the header of its format"}
	errNoKey     = &fault{"delete-without-key", "a delete's key can't be told from its record key"}
	errNullKey   = &fault{"null-key", "a primary-key column is null"}
	errNoTime    = &fault{"no-event-time", "the event time is null"}
)

// The faults of single values of a schema that resolves.
var (
	errForeign       = &fault{errSchema.kind, "the reader's schema has no place for this branch of the writer's union"}
	errForeignSymbol = &fault{errSchema.kind, "the reader's enum has neither the writer's symbol nor a default"}
)

// kindOf is the kind of a record's error.
func kindOf(err error) string {
	var f *fault
	if errors.As(err, &f) {
		return f.kind
	}
	return "undecodable"
}

// at says which record an error is about, unless the error says so itself.
func at(p feature.TopicPartition, offset int64, err error) error {
	var a *pipeline.RecordError
	if errors.As(err, &a) {
		return err
	}
	return &pipeline.RecordError{TopicPartition: p, Offset: offset, Err: err}
}
