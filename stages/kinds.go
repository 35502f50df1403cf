package stages

import (
	"errors"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
	"github.com/tandemdata/tandem/stages/wire"
)

// What is wrong with a record that can be read.
var (
	errTooLong = errors.New("the record is longer than MaxBytes")
	errNullKey = errors.New("a primary-key column is null")
	errNoTime  = errors.New("the event time is null")
)

// kinds are those of Decode's dead letters. Any other error is undecodable.
var kinds = []struct {
	err  error
	kind string
}{
	{avro.ErrIncompatible, "incompatible-schema"},
	{avro.ErrTruncated, "truncated"},
	{avro.ErrTrailing, "trailing-bytes"},
	{avro.ErrUTF8, "invalid-utf8"},
	{avro.ErrDuplicateKey, "duplicate-key"},
	{wire.ErrUnknownSchema, "unknown-schema"},
	{wire.ErrMagic, "bad-magic"},
	{wire.ErrHeader, "short-header"},
	{wire.ErrNoKey, "delete-without-key"},
	{errTooLong, "too-long"},
	{errNullKey, "null-key"},
	{errNoTime, "no-event-time"},
}

// kindOf is the kind of a record's error.
func kindOf(err error) string {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.kind
		}
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
