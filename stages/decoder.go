package stages

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
)

// decoder decodes one lane.
type decoder struct {
	*compiled
	growth   *growth // nil: the schema stays as it is
	node     *pipeline.Node
	maxBytes int
	stop     bool     // at a schema that doesn't resolve
	writers  programs // of values
	keys     programs // of record keys
	reader   avro.Reader
	pending  pending[*feature.Rows]
	last     []extent // of the last batch's columns, over rows
	rows     int
}

// batchError is an error that isn't the record's own: it ends the batch.
type batchError struct{ error }

func (e batchError) Unwrap() error { return e.error }

// newDecoder makes the decoder of one lane. Those of a node share a growth.
func newDecoder(d Decode, c *compiled, g *growth, node *pipeline.Node) *decoder {
	dec := &decoder{growth: g, node: node, maxBytes: d.MaxBytes, stop: d.StopOnIncompatible}
	dec.adopt(c)
	if dec.maxBytes == 0 {
		dec.maxBytes = 1 << 20
	}
	return dec
}

// adopt has what comes be decoded into the columns of c.
func (d *decoder) adopt(c *compiled) {
	d.compiled, d.last = c, nil
	d.writers = newPrograms(c.format, d.resolve)
	d.keys = newPrograms(c.format, c.key.resolve)
}

// resolve gives the program for a writer's schema.
func (d *decoder) resolve(id uint64, schema string) (*avro.Program, error) {
	if d.growth == nil {
		return d.compiled.resolve(id, schema)
	}
	p, c, err := d.growth.resolve(id, schema)
	if err == nil && c != d.compiled {
		return nil, batchError{errGrown}
	}
	return p, err
}

// Process decodes a stretch of the log into one batch.
func (d *decoder) Process(ctx context.Context, in feature.Records, emit func(*feature.Rows)) error {
	if err := d.fits(in); err != nil {
		return err
	}
	if !d.pending.of(in.Span) {
		rows, err := d.batch(ctx, in)
		if err != nil {
			return err
		}
		rows.Spans = []feature.Span{in.Span}
		rows.Seal()
		rows.MarkReplayed(in.ReplayedBefore)
		d.note(rows)
		d.pending.keep(in.Span, rows)
	}
	if err := d.pending.rejects.send(ctx, d.node, in.TopicPartition, in.List); err != nil {
		return err
	}
	emit(d.pending.take())
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
// place; replayed ones were dead letters before the lane opened. Dead letters are
// sent only once the batch is whole: it may have to wait for a schema and come again.
func (d *decoder) list(ctx context.Context, rows *feature.Rows, in feature.Records) error {
	d.pending.rejects = nil
	for i := range in.List {
		rec := &in.List[i]
		err := d.row(ctx, rows, in.List)
		if err == nil {
			continue
		}
		if e, ok := errors.AsType[batchError](err); ok {
			return at(in.TopicPartition, rec.Offset, e.error)
		}
		if rec.Offset < in.ReplayedBefore {
			rows.AddSharedPlaceholder(in.List, feature.Replayed)
			continue
		}
		if d.stop && errors.Is(err, avro.ErrIncompatible) {
			return at(in.TopicPartition, rec.Offset, err)
		}
		rows.AddSharedPlaceholder(in.List, feature.Dead)
		d.pending.rejects = append(d.pending.rejects, reject{i, kindOf(err), err})
	}
	return nil
}
