package stages

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// SingleObject is a value in Avro's single-object encoding: the bytes C3 01, the
// CRC-64-AVRO fingerprint of the schema in eight bytes, little-endian, and the
// body. A null value is a delete. Record keys are not framed.
//
// https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding
type SingleObject struct {
	Schemas   []string // that wrote records, beside Decode.Schema
	Operation string   // as in Bare

	known map[uint64]string
}

var _ Writers = SingleObject{}

const singleHeader = 2 + 8

// Parts takes the header off.
func (f SingleObject) Parts(rec *feature.Record) (Parts, error) {
	v := rec.Value
	if v == nil {
		return Parts{}, nil
	}
	switch {
	case len(v) > 0 && v[0] != 0xc3 || len(v) > 1 && v[1] != 1:
		return Parts{}, errMagic
	case len(v) < singleHeader:
		return Parts{}, errHeader
	}
	id := binary.LittleEndian.Uint64(v[2:])
	if id == 0 {
		return Parts{}, errWriter
	}
	p := Parts{Body: v[singleHeader:], Writer: id}
	return p, p.operation(rec, f.Operation)
}

// Schema looks a fingerprint up.
func (f SingleObject) Schema(_ context.Context, id uint64) (string, error) {
	if s, ok := f.known[id]; ok {
		return s, nil
	}
	return "", fmt.Errorf("fingerprint %016x: %w", id, errWriter)
}

// open knows the fingerprints. A schema that is given and doesn't resolve is a
// fault of the settings, not of records.
func (f SingleObject) open(reader string, c *compiled) (Format, error) {
	var errs []error
	f.known = map[uint64]string{fingerprint(c.reader): reader}
	for i, schema := range f.Schemas {
		parsed, err := parseWriter(schema)
		if err == nil {
			_, err = c.resolve(schema)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("format SingleObject: Schemas[%d]: %w", i, err))
			continue
		}
		f.known[fingerprint(parsed)] = schema
	}
	return f, errors.Join(errs...)
}
