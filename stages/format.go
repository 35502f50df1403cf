package stages

import (
	"context"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// A Format finds in a record what Decode needs to know. It is used by several
// lanes at once and keeps nothing of the record.
type Format interface {
	// Parts takes a record apart. An error makes it a dead letter.
	Parts(rec *feature.Record) (Parts, error)
}

// Writers is a Format whose records name the schema that wrote them.
type Writers interface {
	Format

	// Schema is the Avro schema of an id that Parts found. Its records are dead
	// letters if the error is ErrUnknownSchema; they wait if it was made by
	// pipeline.Transient; any other stops the graph. A lane asks once for each
	// id that is known.
	Schema(ctx context.Context, id uint64) (string, error)
}

// ErrUnknownSchema says that nobody knows the schema of an id.
var ErrUnknownSchema error = errWriter

// Parts is what a record is made of.
type Parts struct {
	Body []byte     // bare Avro; nil: a delete, of which only the record's key is known
	Op   feature.Op // what the row does, where there is a body

	// Writer is the schema that wrote the body, by the id or fingerprint that
	// the format carries: see Writers. 0 is Decode.Schema.
	Writer uint64

	// Key is the record's key without its frame, and KeyWriter the schema that
	// wrote it. 0 says that the key is as it is, by Decode.KeySchema.
	Key       []byte
	KeyWriter uint64

	// Outcomes say, by feature.Store, why the record isn't meant for one: Filtered
	// or one of its reasons. Live, the default, is for one that is. A record
	// meant for neither isn't decoded.
	Outcomes [2]feature.Outcome
}

// Bare is a value that is an Avro body and nothing else. It is the default.
type Bare struct {
	// Operation is the header that says upsert or delete; of several the last
	// counts, and without one it is an upsert. Default "operation".
	Operation string
}

// Parts takes the value as the body.
func (b Bare) Parts(rec *feature.Record) (Parts, error) {
	p := Parts{Body: rec.Value}
	return p, p.operation(rec, b.Operation)
}

// operation reads the header that says upsert or delete.
func (p *Parts) operation(rec *feature.Record, name string) error {
	if name == "" {
		name = "operation"
	}
	switch v, ok := lastHeader(rec, name); {
	case !ok, string(v) == "upsert":
	case string(v) == "delete":
		p.Op = feature.Delete
	default:
		// To take it for an upsert could bring back what was to go.
		return fmt.Errorf("header %s: %.20q is neither upsert nor delete", name, v)
	}
	return nil
}

// lastHeader is a header's value: of several of a name the last counts.
func lastHeader(rec *feature.Record, name string) ([]byte, bool) {
	for i := len(rec.Headers) - 1; i >= 0; i-- {
		if rec.Headers[i].Key == name {
			return rec.Headers[i].Value, true
		}
	}
	return nil, false
}
