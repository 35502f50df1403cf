package stages

import (
	"context"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/wire"
)

// Decode turns records into rows. Every record keeps its place: one that can't
// be a row goes to the dead letters and its neighbours are untouched. The kinds
// of those are truncated, trailing-bytes, invalid-utf8, duplicate-key,
// undecodable, too-long, bad-magic, short-header, unknown-schema,
// incompatible-schema, null-key, no-event-time and delete-without-key.
//
// Every type of Avro is a column but these, which are refused by the path of
// the field: a union other than of null and one type, a record that holds
// itself or no column, an array or a map of nulls, a fixed of no bytes, and a
// decimal of more than feature.MaxPrecision digits or of more after the point
// than it has. A field of type null is no column. Of a map, one key twice is an
// error, and of a decimal, a value of more digits than its precision.
//
// Where the Format names the schema that wrote a record, that schema is
// resolved to Schema by Avro's rules, once: columns are always those of Schema.
// Two logical types resolve only if they are the same; a decimal may be read as
// one of more digits and as many after the point.
//
// With Group.Evolve, a field that such a schema adds becomes a column after
// the others, which can always be null, before the first row that has it. It
// must be nullable or have a default; but rows whose writer lacks it have null
// there, not the default. Fields of nested records can't be added. A schema
// that adds what can't be a column is incompatible.
//
// A null value is a delete. Its key columns come from the record's key: by
// KeySchema if there is one, else as they are where the primary key is one
// string or bytes column. Of any delete only key and event time are kept.
type Decode struct {
	Group  feature.Group // required
	Schema string        // required: an Avro record in JSON, whose fields are the columns

	// KeySchema is the record keys' schema: an Avro record of the primary-key
	// columns, which may have the event time too, or one primitive where the
	// primary key is one column.
	KeySchema string

	Format   wire.Format // default wire.Bare{}
	MaxBytes int         // of a key or a value; default 1 MiB

	// StopOnIncompatible stops the graph at a record whose writer's schema doesn't
	// resolve to Schema. Default: it is a dead letter.
	StopOnIncompatible bool
}

var (
	_ pipeline.Spec[feature.Records, *feature.Rows] = Decode{}
	_ pipeline.Describer                            = Decode{}
)

// Describe gives the schema of the group, or all that is wrong with the settings.
func (d Decode) Describe(*feature.Schema) (*feature.Schema, error) {
	c, err := d.compile()
	if err != nil {
		return nil, err
	}
	return c.schema, nil
}

// Open makes the decoder of one lane.
func (d Decode) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[feature.Records, *feature.Rows], error) {
	c, err := d.compile()
	if err != nil {
		return nil, err
	}
	if n.Schema != nil {
		c.schema = n.Schema // all nodes of a flow share one
	}
	if !d.Group.Evolve {
		return newDecoder(d, c, nil, n), nil
	}
	g := pipeline.Shared(n, func() *growth { return newGrowth(c) })
	return newDecoder(d, g.newest(), g, n), nil
}
