package main

import (
	"context"
	"errors"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Previous adds the column "previous" to each row: the amount of the same key's
// row before it in the partition, null where none is known.
type Previous struct {
	// ReadBack is how many records before its start a lane reads, so that it knows
	// the amounts of before a restart. Default 0: it begins with none.
	ReadBack int
}

// A mistake in a method is reported here, beside the type.
var (
	_ pipeline.Spec[*feature.Rows, *feature.Rows] = Previous{}
	_ pipeline.Describer                          = Previous{}
	_ pipeline.Replayer                           = Previous{}
)

// Describe gives the schema of the rows emitted, or says what is wrong. Check
// calls it, and nothing is open yet.
func (p Previous) Describe(in *feature.Schema) (*feature.Schema, error) {
	if i := in.Index("amount"); i < 0 || in.Fields[i].Kind != feature.Float64 || in.Fields[i].Nullable {
		return nil, errors.New("needs a column amount of doubles that are never null")
	}
	if p.ReadBack < 0 {
		return nil, errors.New("a negative ReadBack")
	}
	return in.WithColumns(feature.Field{Name: "previous", Kind: feature.Float64, Nullable: true})
}

// Replay asks for rows from before a lane's start. They come first, as replayed.
func (p Previous) Replay() int { return p.ReadBack }

// Open makes the stage of one lane. Its calls never overlap, so it needs no lock.
func (p Previous) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return &previous{node: n, amounts: map[string]float64{}}, nil
}

type previous struct {
	node    *pipeline.Node
	amounts map[string]float64 // of the newest row of each key; in production something bounded
	next    int64              // rows before it are in amounts
	answer  feature.Column     // the column of the batch that ended there
}

// Process emits each batch with its new column. No row is ever left out: one
// that nobody should store stays in its batch, with an outcome that says why.
func (p *previous) Process(_ context.Context, in *feature.Rows, emit func(*feature.Rows)) error {
	// A batch may come again, and the answer must be the same: state has moved on
	// since, so the column is kept.
	if end := in.Span().To; end != p.next {
		p.answer, p.next = p.column(in), end
	}
	out := in.Widen(p.node.Schema)
	out.Columns[len(out.Columns)-1] = p.answer
	emit(out)
	return nil
}

// column makes the new column, and remembers the amounts of the batch.
func (p *previous) column(in *feature.Rows) feature.Column {
	out := feature.NewColumn(p.node.Schema.Fields[len(p.node.Schema.Fields)-1])
	amounts := in.Column("amount").Float64s
	for i := range in.Len() {
		key := string(in.Key(i)) // the bytes live as long as the batch
		before, known := p.amounts[key]
		switch {
		case !in.Pending(i) && !in.Replayed(i): // dropped before: it gives no amount and needs none
			out.AppendNull()
			continue
		case known:
			out.Float64s = append(out.Float64s, before)
			out.MarkValid()
		default:
			out.AppendNull()
		}
		if in.Ops[i] == feature.Delete {
			delete(p.amounts, key)
		} else {
			p.amounts[key] = amounts[i]
		}
	}
	return out
}
