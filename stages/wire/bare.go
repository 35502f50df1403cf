package wire

import "github.com/tandemdata/tandem/pipeline/feature"

// Bare is a value that is an Avro body and nothing else. It is the default.
type Bare struct {
	// Operation is the header that says upsert or delete; where it is repeated the
	// last counts, and without it a record is an upsert. Default "operation".
	Operation string
}

// Unpack takes the value as the body.
func (f Bare) Unpack(rec *feature.Record) (Envelope, error) {
	op, err := Operation(rec, f.Operation)
	return Envelope{Body: rec.Value, Op: op}, err
}
