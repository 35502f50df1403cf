package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
)

// SingleObject is a value in Avro's single-object encoding: the bytes C3 01, the
// CRC-64-AVRO fingerprint of the schema in eight bytes, little-endian, and the
// body. A null value is a delete. Record keys are not framed.
//
// https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding
type SingleObject struct {
	Schemas   []string // that wrote records, beside Decode.Schema
	Operation string   // as in Bare

	reader uint64            // the fingerprint of Decode.Schema
	known  map[uint64]string // the others, by fingerprint
}

var (
	_ SchemaSource = SingleObject{}
	_ Opener       = SingleObject{}
)

const singleHeader = 2 + 8

// Unpack takes the header off.
func (f SingleObject) Unpack(rec *feature.Record) (Envelope, error) {
	v := rec.Value
	if v == nil {
		return Envelope{}, nil
	}
	switch {
	case len(v) > 0 && v[0] != 0xc3 || len(v) > 1 && v[1] != 1:
		return Envelope{}, ErrMagic
	case len(v) < singleHeader:
		return Envelope{}, ErrHeader
	}
	id := binary.LittleEndian.Uint64(v[2:])
	if id == 0 {
		return Envelope{}, ErrUnknownSchema
	}
	if id == f.reader {
		id = 0
	}
	op, err := Operation(rec, f.Operation)
	return Envelope{Body: v[singleHeader:], Writer: id, Op: op}, err
}

// Schema looks a fingerprint up.
func (f SingleObject) Schema(_ context.Context, id uint64) (string, error) {
	if s, ok := f.known[id]; ok {
		return s, nil
	}
	return "", fmt.Errorf("fingerprint %016x: %w", id, ErrUnknownSchema)
}

// Open computes the fingerprints. A schema that is given and doesn't resolve is
// an error of the settings, not of records.
func (f SingleObject) Open(reader *avro.Schema, _ *avro.Key) (Format, error) {
	var errs []error
	f.reader, f.known = reader.Writer().Fingerprint(), map[uint64]string{}
	for i, schema := range f.Schemas {
		w, err := avro.ParseWriter(schema)
		if err == nil {
			_, err = reader.Resolve(w)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("format SingleObject: Schemas[%d]: %w", i, err))
			continue
		}
		f.known[w.Fingerprint()] = schema
	}
	return f, errors.Join(errs...)
}
