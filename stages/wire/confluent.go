package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
)

// Confluent is a value framed as Confluent's serializers do: a zero byte, the
// schema's id in four bytes, big-endian, and the Avro body. A null value is a
// delete.
//
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
type Confluent struct {
	Registry  Registry // required
	Keys      bool     // record keys are framed too, and resolve to Decode.KeySchema; default: they are bare
	Operation string   // as in Bare
}

// Registry knows schemas by id. It is used by several lanes at once, and it
// should keep what it has learned: an id never gets another schema.
type Registry interface {
	// Schema is the Avro schema of an id; its errors are those of SchemaSource.
	Schema(ctx context.Context, id int) (string, error)
}

var (
	_ SchemaSource = Confluent{}
	_ Opener       = Confluent{}
)

// Unpack takes the header off.
func (f Confluent) Unpack(rec *feature.Record) (Envelope, error) {
	var (
		e   Envelope
		err error
	)
	switch {
	case rec.Value != nil:
		e.Writer, e.Body, err = unframe(rec.Value)
	case f.Keys && rec.Key != nil:
		e.KeyWriter, e.Key, err = unframe(rec.Key)
		if err != nil {
			err = fmt.Errorf("record key: %w", err)
		}
	}
	if err == nil && e.Body != nil {
		e.Op, err = Operation(rec, f.Operation)
	}
	return e, err
}

// Schema asks the registry.
func (f Confluent) Schema(ctx context.Context, id uint64) (string, error) {
	schema, err := f.Registry.Schema(ctx, int(id))
	if err != nil {
		return "", fmt.Errorf("schema id %d: %w", id, err)
	}
	return schema, nil
}

// Open checks the settings.
func (f Confluent) Open(_ *avro.Schema, key *avro.Key) (Format, error) {
	var errs []error
	if f.Registry == nil {
		errs = append(errs, errors.New("format Confluent: Registry is missing"))
	}
	if f.Keys && key == nil {
		errs = append(errs, errors.New("format Confluent: Keys needs a KeySchema"))
	}
	return f, errors.Join(errs...)
}

// unframe takes the header off a value or a key.
func unframe(v []byte) (id uint64, body []byte, err error) {
	switch {
	case len(v) > 0 && v[0] != 0:
		return 0, nil, ErrMagic
	case len(v) < 5:
		return 0, nil, ErrHeader
	}
	id = uint64(binary.BigEndian.Uint32(v[1:]))
	if id == 0 || id > math.MaxInt32 {
		return 0, nil, fmt.Errorf("schema id %d: %w", int32(id), ErrUnknownSchema)
	}
	return id, v[5:], nil
}
