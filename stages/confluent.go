package stages

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/tandemdata/tandem/pipeline/feature"
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
	// Schema is the Avro schema of an id; its errors are those of Writers.
	Schema(ctx context.Context, id int) (string, error)
}

var _ Writers = Confluent{}

// Parts takes the header off.
func (f Confluent) Parts(rec *feature.Record) (Parts, error) {
	var (
		p   Parts
		err error
	)
	switch {
	case rec.Value != nil:
		p.Writer, p.Body, err = unframe(rec.Value)
	case f.Keys && rec.Key != nil:
		p.KeyWriter, p.Key, err = unframe(rec.Key)
		if err != nil {
			err = fmt.Errorf("record key: %w", err)
		}
	}
	if err != nil || p.Body == nil {
		return p, err
	}
	return p, p.operation(rec, f.Operation)
}

func unframe(v []byte) (id uint64, body []byte, err error) {
	switch {
	case len(v) > 0 && v[0] != 0:
		return 0, nil, errMagic
	case len(v) < 5:
		return 0, nil, errHeader
	}
	id = uint64(binary.BigEndian.Uint32(v[1:]))
	if id == 0 || id > math.MaxInt32 {
		return 0, nil, fmt.Errorf("schema id %d: %w", int32(id), errWriter)
	}
	return id, v[5:], nil
}

// Schema asks the registry.
func (f Confluent) Schema(ctx context.Context, id uint64) (string, error) {
	schema, err := f.Registry.Schema(ctx, int(id))
	if err != nil {
		return "", fmt.Errorf("schema id %d: %w", id, err)
	}
	return schema, nil
}

func (f Confluent) open(_ string, c *compiled) (Format, error) {
	var errs []error
	if f.Registry == nil {
		errs = append(errs, errors.New("format Confluent: Registry is missing"))
	}
	if f.Keys && c.key.schema == nil {
		errs = append(errs, errors.New("format Confluent: Keys needs a KeySchema"))
	}
	return f, errors.Join(errs...)
}
