package stages

import (
	"context"
	"errors"
	"fmt"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
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
// decimal of more than feature.MaxPrecision digits or of more behind the point
// than it has. A field of type null is no column. Of a map, one key twice is an
// error, and of a decimal, a value of more digits than its precision.
//
// Where the Format names the schema that wrote a record, that schema is
// resolved to Schema by Avro's rules, once: columns are always those of Schema.
// Two logical types resolve only if they are the same; a decimal may be read as
// one of more digits and as many behind the point.
//
// With Group.Evolve, a field that such a schema adds becomes a column behind
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

	Format   Format // default Bare{}
	MaxBytes int    // of a key or a value; default 1 MiB

	// Incompatible is what becomes of a record whose writer schema doesn't
	// resolve to Schema: Reject or Stop. Default Reject.
	Incompatible Policy
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

// compiled is what the schemas come down to.
type compiled struct {
	schema *feature.Schema
	reader *avro.RecordSchema
	format Format
	value  program
	second program // nil, unless a body might be of another form that nothing in the record tells
	key    keyReader

	wire *wire // nil: rows are as their schemas say
}

// resolve compiles the program for what a schema wrote.
func (c *compiled) resolve(writer string) (program, error) {
	return resolve(writer, c.reader, c.schema.Fields, c.wire)
}

func (d Decode) compile() (*compiled, error) {
	var errs []error
	if d.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("MaxBytes %d is negative", d.MaxBytes))
	}
	if d.Incompatible == Pass || d.Incompatible > Stop {
		errs = append(errs, fmt.Errorf("policy %v for Incompatible: want reject or stop", d.Incompatible))
	}
	parsed, err := parse(d.Schema)
	if err != nil {
		return nil, errors.Join(append(errs, fmt.Errorf("schema: %w", err), d.Group.Validate())...)
	}
	value, fields, err := compile(parsed)
	if err != nil {
		return nil, errors.Join(append(errs, fmt.Errorf("schema: %w", err), d.Group.Validate())...)
	}
	schema, err := feature.NewSchema(d.Group, fields)
	if err != nil {
		return nil, errors.Join(append(errs, err)...)
	}
	key, err := compileKey(schema, d.KeySchema)
	if err != nil {
		errs = append(errs, fmt.Errorf("key schema: %w", err))
	}
	c := &compiled{schema: schema, reader: parsed.(*avro.RecordSchema), format: d.Format, value: value, key: key}
	if err := c.open(d.Schema); err != nil {
		errs = append(errs, err)
	}
	return c, errors.Join(errs...)
}

// opener is a format that has settings to check, or to look up fast.
type opener interface {
	// open makes the format that lanes use, for a reader's schema.
	open(reader string, c *compiled) (Format, error)
}

func (c *compiled) open(schema string) (err error) {
	if c.format == nil {
		c.format = Bare{}
	}
	if o, ok := c.format.(opener); ok {
		c.format, err = o.open(schema, c)
	}
	return err
}
