package wire

import (
	"context"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
)

// A Format finds in a record what Decode needs to know. It is used by several
// lanes at once and keeps nothing of the record.
type Format interface {
	// Unpack takes a record apart. An error makes it a dead letter.
	Unpack(rec *feature.Record) (Envelope, error)
}

// Envelope is what a record is made of.
type Envelope struct {
	Body []byte     // Avro; nil: a delete, of which only the record's key is known
	Op   feature.Op // what the row does, where there is a body

	// Writer is the schema that wrote the body, by the id or fingerprint that
	// the format carries: see SchemaSource. 0 is Decode.Schema.
	Writer uint64

	// Key is the record's key without its frame, and KeyWriter the schema that
	// wrote it. 0 says that the key is as it is, by Decode.KeySchema.
	Key       []byte
	KeyWriter uint64

	// Outcomes say, by feature.Store, why the record isn't meant for one: Filtered
	// or one of its reasons. Pending, the default, is for one that is. A record
	// meant for neither isn't decoded.
	Outcomes [2]feature.Outcome
}

// SchemaSource is a Format whose records name the schema that wrote them.
type SchemaSource interface {
	Format

	// Schema is the Avro schema of an id that Unpack found. Its records are dead
	// letters if the error is ErrUnknownSchema; they wait if it was made by
	// pipeline.Transient; any other stops the graph. A lane asks once for each
	// id that is known.
	Schema(ctx context.Context, id uint64) (string, error)
}

// Opener is a Format with settings to check or to prepare.
type Opener interface {
	Format

	// Open gives the format that lanes use, of the type that it is called on.
	// reader is Decode.Schema, and key Decode.KeySchema, or nil without one. The
	// error names all that is wrong with the settings: nothing starts.
	//
	// A format that embeds one with this method needs one of its own: the other
	// would give itself.
	Open(reader *avro.Schema, key *avro.Key) (Format, error)
}

// Multiform is a Format whose bodies may have another form than their schema says.
type Multiform interface {
	Format

	// Forms are the forms that a body may have which w wrote, the schema of the
	// id, or Decode.Schema where that is 0. See avro.Schema.Resolve. There must be
	// one at least; w itself is the form that the schema says.
	Forms(id uint64, w *avro.Writer) []*avro.Writer
}
