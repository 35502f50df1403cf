package wire_test

import (
	"errors"
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages"
	"github.com/tandemdata/tandem/stages/avro"
	"github.com/tandemdata/tandem/stages/wire"
)

// Tagged is a value whose first byte is the sender's tag. Senders of tag 2 write
// nested fields as bytes.
type Tagged struct{ Tags string }

var (
	_ wire.Opener    = Tagged{}
	_ wire.Multiform = Tagged{}
)

// Unpack takes the tag off.
func (f Tagged) Unpack(rec *feature.Record) (wire.Envelope, error) {
	if rec.Value == nil {
		return wire.Envelope{}, nil // a delete
	}
	if len(rec.Value) == 0 {
		return wire.Envelope{}, wire.ErrHeader
	}
	op, err := wire.Operation(rec, "op")
	return wire.Envelope{Body: rec.Value[1:], Op: op}, err
}

// Open checks the settings.
func (f Tagged) Open(*avro.Schema, *avro.Key) (wire.Format, error) {
	if f.Tags == "" {
		return nil, errors.New("format Tagged: Tags is missing")
	}
	return f, nil
}

// Forms are the schema's own and the one with nested fields in bytes.
func (f Tagged) Forms(_ uint64, w *avro.Writer) []*avro.Writer {
	return append([]*avro.Writer{w}, w.InBytes()...)
}

// A format of one's own checks its settings before anything starts.
func ExampleFormat() {
	decode := stages.Decode{
		Group:  feature.Group{Name: "clicks", PrimaryKey: []string{"user"}},
		Schema: `{"type": "record", "name": "Click", "fields": [{"name": "user", "type": "string"}]}`,
		Format: Tagged{},
	}
	_, err := decode.Describe(nil)
	fmt.Println(err)

	decode.Format = Tagged{Tags: "12"}
	schema, err := decode.Describe(nil)
	fmt.Println(schema, err)
	// Output:
	// format Tagged: Tags is missing
	// user string <nil>
}
