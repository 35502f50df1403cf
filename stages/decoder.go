package stages

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// decoder decodes one lane.
type decoder struct {
	*compiled
	growth   *growth // nil: the schema stays as it is
	node     *pipeline.Node
	maxBytes int
	stop     bool    // at a schema that doesn't resolve
	writers  writers // of values
	keys     writers // of record keys
	cursor   cursor
	dead     []letter // of the batch at hand
	last     []extent // of the last batch's columns, over rows
	rows     int
}

// letter is a record of a batch that gave no row.
type letter struct {
	i     int
	cause error
}

// halt is an error that isn't the record's own: it ends the batch.
type halt struct{ error }

func (h halt) Unwrap() error { return h.error }

// newDecoder makes the decoder of one lane. Those of a node share a growth.
func newDecoder(d Decode, c *compiled, g *growth, node *pipeline.Node) *decoder {
	dec := &decoder{growth: g, node: node, maxBytes: d.MaxBytes, stop: d.Incompatible == Stop, cursor: newCursor()}
	dec.adopt(c)
	if dec.maxBytes == 0 {
		dec.maxBytes = 1 << 20
	}
	return dec
}

// adopt has what comes be decoded into the columns of c.
func (d *decoder) adopt(c *compiled) {
	d.compiled, d.last = c, nil
	d.writers = newWriters(c.format, d.resolve)
	d.keys = newWriters(c.format, c.key.resolve)
}

// resolve gives the program for a writer's schema.
func (d *decoder) resolve(schema string) (program, error) {
	if d.growth == nil {
		return d.compiled.resolve(schema)
	}
	p, c, err := d.growth.take(schema)
	if err == nil && c != d.compiled {
		return nil, halt{errGrown}
	}
	return p, err
}

// Process decodes a stretch of the log into one batch. If it comes again after
// an error, its dead letters may be sent again too.
func (d *decoder) Process(ctx context.Context, in feature.Records, emit func(*feature.Rows)) error {
	if err := d.fits(in); err != nil {
		return err
	}
	rows, err := d.batch(ctx, in)
	if err != nil {
		return err
	}
	if err := d.reject(ctx, in); err != nil {
		return err
	}
	rows.Spans = []feature.Span{in.Span}
	rows.Seal()
	rows.MarkReplayed(in.ReplayedBefore)
	d.note(rows)
	emit(rows)
	return nil
}

// fits refuses a batch that columns' 32-bit offsets can't hold.
func (d *decoder) fits(in feature.Records) error {
	size := 0
	for i := range in.List {
		size += len(in.List[i].Key) + len(in.List[i].Value)
	}
	if size > math.MaxUint32 {
		return &pipeline.RecordError{TopicPartition: in.TopicPartition, Offset: in.Span.From, Err: fmt.Errorf("a batch of %d bytes is more than 4 GiB: have the source cut smaller ones", size)}
	}
	return nil
}

// batch decodes all records, again from the first of them where one has made
// the schema grow: a batch has one schema.
func (d *decoder) batch(ctx context.Context, in feature.Records) (*feature.Rows, error) {
	for {
		rows := d.newRows(in)
		err := d.list(ctx, rows, in)
		if !errors.Is(err, errGrown) {
			return rows, err
		}
		d.adopt(d.growth.newest())
	}
}

// list decodes every record of a batch. A record that gave no row keeps its
// place; warm ones were dead letters before the lane opened. Letters are sent
// only once the batch is whole: it may have to wait for a schema and come again.
func (d *decoder) list(ctx context.Context, rows *feature.Rows, in feature.Records) error {
	d.dead = d.dead[:0]
	for i := range in.List {
		rec := &in.List[i]
		err := d.row(ctx, rows, in.List)
		if err == nil {
			continue
		}
		if h, ok := errors.AsType[halt](err); ok {
			return at(in.TopicPartition, rec.Offset, h.error)
		}
		if rec.Offset < in.ReplayedBefore {
			rows.AddSharedPlaceholder(in.List, feature.Replayed)
			continue
		}
		if d.stop && kindOf(err) == errSchema.kind {
			return at(in.TopicPartition, rec.Offset, err)
		}
		rows.AddSharedPlaceholder(in.List, feature.Dead)
		d.dead = append(d.dead, letter{i, err})
	}
	return nil
}

// reject sends the batch's dead letters.
func (d *decoder) reject(ctx context.Context, in feature.Records) error {
	for _, l := range d.dead {
		rec := in.List[l.i]
		if err := d.node.Reject(ctx, rec, kindOf(l.cause), l.cause); err != nil {
			return at(in.TopicPartition, rec.Offset, err)
		}
	}
	return nil
}

// row adds the row of a list's next record. After an error columns hold a part of it.
func (d *decoder) row(ctx context.Context, rows *feature.Rows, list []feature.Record) error {
	n := rows.Len()
	rec := &list[n]
	parts, err := d.format.Parts(rec)
	if err != nil {
		return err
	}
	switch {
	case parts.Outcomes[feature.Online] != feature.Pending && parts.Outcomes[feature.Offline] != feature.Pending:
		rows.AddSharedPlaceholder(list, feature.Filtered)
	case len(rec.Key) > d.maxBytes || len(rec.Value) > d.maxBytes:
		return errTooLong
	default:
		if err := d.values(ctx, rows, rec, &parts); err != nil {
			return err
		}
		if err := d.check(rows, n, parts.Op); err != nil {
			return err
		}
		rows.AddShared(list, parts.Op)
	}
	for _, s := range feature.Stores() {
		rows.Outcomes[s][n] = parts.Outcomes[s]
	}
	return nil
}

// values appends to every column.
func (d *decoder) values(ctx context.Context, rows *feature.Rows, rec *feature.Record, parts *Parts) error {
	if parts.Body == nil {
		parts.Op = feature.Delete
		return d.keyOnly(ctx, rows, rec, parts)
	}
	if err := d.body(ctx, rows, parts); err != nil {
		return err
	}
	if parts.Op == feature.Delete {
		d.strip(rows)
	}
	return nil
}

// keyOnly appends what a record's key says.
func (d *decoder) keyOnly(ctx context.Context, rows *feature.Rows, rec *feature.Record, parts *Parts) error {
	if parts.KeyWriter == 0 {
		return d.key.read(&d.cursor, rec.Key, rows.Columns)
	}
	if d.key.schema == nil {
		return errNoKey
	}
	p, err := d.keys.program(ctx, parts.KeyWriter)
	if err != nil {
		return err
	}
	k := d.key
	k.avro = p
	return k.read(&d.cursor, parts.Key, rows.Columns)
}

// strip leaves of the delete that was just decoded what a delete is made of, so
// that both ways of saying it give the same row.
func (d *decoder) strip(rows *feature.Rows) {
	for i := range rows.Columns {
		if i == d.schema.Time() || d.schema.IsKey(i) {
			continue
		}
		rows.Columns[i].Truncate(rows.Len())
		rows.Columns[i].AppendNull()
	}
}

func (d *decoder) check(rows *feature.Rows, n int, op feature.Op) error {
	for _, k := range d.schema.Keys() {
		if c := &rows.Columns[k]; c.Null(n) {
			return fmt.Errorf("field %q: %w", c.Field.Name, errNullKey)
		}
	}
	if t := d.schema.Time(); t >= 0 && op == feature.Upsert && rows.Columns[t].Null(n) {
		return fmt.Errorf("field %q: %w", rows.Columns[t].Field.Name, errNoTime)
	}
	return nil
}
