package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// staging is a stage that behaves until some batch.
func staging(how func(rows *feature.Rows, emit func(*feature.Rows)) error) func(*scene) {
	return func(s *scene) {
		after, n := int64(s.rng.IntN(4)), new(atomic.Int64)
		s.stage = stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
			if n.Add(1) <= after {
				emit(rows)
				return nil
			}
			return how(rows, emit)
		})
	}
}

// rebuilt is a batch of some of the rows of another.
func rebuilt(rows *feature.Rows, keep func(i int) bool) *feature.Rows {
	out := feature.NewRows(rows.Schema, rows.TopicPartition)
	out.Spans = rows.Spans
	for i := range rows.Len() {
		if keep(i) {
			for c := range out.Columns {
				_ = out.Columns[c].Append(rows.Columns[c].Value(i))
			}
			out.Add(rows.Records[i], rows.Ops[i])
		}
	}
	out.Seal()
	return out
}

// decoding is a decoder that behaves but for what is done to its batches.
type decoding func(rows *feature.Rows, in feature.Records, emit func(*feature.Rows))

func (d decoding) Describe(*feature.Schema) (*feature.Schema, error) { return pairSchema(), nil }

func (d decoding) Open(_ context.Context, n *pipeline.Node) (pipeline.Stage[feature.Records, *feature.Rows], error) {
	return tamperedDecoder{decoder{n}, d}, nil
}

type tamperedDecoder struct {
	decoder
	how decoding
}

func (d tamperedDecoder) Process(ctx context.Context, in feature.Records, emit func(*feature.Rows)) error {
	return d.decoder.Process(ctx, in, func(rows *feature.Rows) { d.how(rows, in, emit) })
}

func decodes(how decoding) func(*scene) { return func(s *scene) { s.decode = how } }

type opensWith struct {
	st  pipeline.Stage[*feature.Rows, *feature.Rows]
	err error
}

func (o opensWith) Open(context.Context, *pipeline.Node) (pipeline.Stage[*feature.Rows, *feature.Rows], error) {
	return o.st, o.err
}

// onRecords is a stage between a source and a decoder.
type onRecords func(in feature.Records, emit func(feature.Records)) error

func (f onRecords) Open(context.Context, *pipeline.Node) (pipeline.Stage[feature.Records, feature.Records], error) {
	return f, nil
}

func (f onRecords) Process(_ context.Context, in feature.Records, emit func(feature.Records)) error {
	return f(in, emit)
}

func recording(how onRecords) func(*scene) { return func(s *scene) { s.records = how } }

var stageSaboteurs = []saboteur{
	{"leaves records out", recording(func(in feature.Records, emit func(feature.Records)) error {
		in.List = in.List[len(in.List)/2:]
		emit(in)
		return nil
	}), `node "the-record-stage": log/`, true}, // of batches of one record it leaves none out
	{"leaves all records of a batch out", recording(func(in feature.Records, emit func(feature.Records)) error {
		in.List = nil
		emit(in)
		return nil
	}), `emitted no row for offset`, false},
	{"emits a record twice", recording(func(in feature.Records, emit func(feature.Records)) error {
		in.List = append(slices.Clone(in.List), in.List...)
		emit(in)
		return nil
	}), `node "the-record-stage": log/`, false},
	{"moves records to other offsets", recording(func(in feature.Records, emit func(feature.Records)) error {
		in.List = slices.Clone(in.List)
		in.List[0].Offset--
		emit(in)
		return nil
	}), `node "the-record-stage": log/`, false},
	{"emits records of another partition", recording(func(in feature.Records, emit func(feature.Records)) error {
		in.Partition++
		emit(in)
		return nil
	}), `emitted records of log/`, false},
	{"cuts records into smaller spans", recording(func(in feature.Records, emit func(feature.Records)) error {
		for i := range in.List {
			one := in
			one.List, one.Span = in.List[i:i+1], feature.Span{From: in.List[i].Offset, To: in.List[i].Offset + 1}
			emit(one)
		}
		return nil
	}), `spans are cut by the source, once`, true},
	{"emits nothing", staging(func(*feature.Rows, func(*feature.Rows)) error { return nil }), `node "the-stage": log/`, false},
	{"emits a batch twice", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		emit(rows)
		emit(rows)
		return nil
	}), `node "the-stage": log/`, false},
	{"emits nil", staging(func(_ *feature.Rows, emit func(*feature.Rows)) error {
		emit(nil)
		return nil
	}), `emitted nil in place of a batch`, false},
	{"leaves rows out", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		emit(rebuilt(rows, func(i int) bool { return i > 0 }))
		return nil
	}), `emitted no row for offset`, false},
	{"leaves all rows of a batch out", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		emit(rebuilt(rows, func(int) bool { return false }))
		return nil
	}), `emitted no row for offset`, false},
	{"makes rows up", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		out := rebuilt(rows, func(int) bool { return true })
		_ = out.Columns[0].Append("made up")
		_ = out.Columns[1].Append(int64(1))
		out.Add(feature.Record{Offset: rows.Span().To - 1}, feature.Upsert)
		out.Seal()
		emit(out)
		return nil
	}), `which it was not given`, false},
	{"doesn't seal", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		out := rebuilt(rows, func(i int) bool { return i > 0 })
		_ = out.Columns[0].Append("k")
		_ = out.Columns[1].Append(int64(1))
		out.Add(rows.Records[0], feature.Upsert)
		emit(out)
		return nil
	}), `Seal comes after the last row`, false},
	{"gives no spans", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		out := rebuilt(rows, func(int) bool { return true })
		out.Spans = nil
		emit(out)
		return nil
	}), `it has no spans`, false},
	{"cuts spans anew", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		out := rebuilt(rows, func(int) bool { return true })
		s := rows.Span()
		out.Spans = []feature.Span{{From: s.From, To: s.From}, {From: s.From, To: s.To}}
		emit(out)
		return nil
	}), `spans are cut by the source, once`, false},
	{"emits a column that is too short", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		out := rebuilt(rows, func(int) bool { return true })
		out.Columns[1].Truncate(0)
		emit(out)
		return nil
	}), `values of column "v"`, false},
	{"emits outcomes that are too short", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		out := rebuilt(rows, func(int) bool { return true })
		out.Outcomes[feature.Offline] = nil
		emit(out)
		return nil
	}), `outcomes`, false},
	{"emits another partition's rows", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		out := *rows
		out.Partition += 7
		emit(&out)
		return nil
	}), `emitted rows of log/`, false},
	{"emits another schema than it described", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		s, err := feature.NewSchema(pairs, []feature.Field{{Name: "k", Kind: feature.String}, {Name: "w", Kind: feature.Int64, Nullable: true}})
		if err != nil {
			return err
		}
		out := *rows
		out.Schema, out.Columns = s, slices.Clone(rows.Columns)
		emit(&out)
		return nil
	}), `emitted rows of another schema than it had described`, false},
	{"emits after it has returned", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		emit(rows)
		go emit(rows)
		return nil
	}), `emitted a batch after Process or Flush had returned`, true},
	{"changes a column in place", staging(func(rows *feature.Rows, emit func(*feature.Rows)) error {
		for i := range rows.Columns[1].Int64s {
			rows.Columns[1].Int64s[i]++
		}
		emit(rows)
		return nil
	}), `node "the-stage": log/`, false},
	{"makes dropped rows pending again", func(s *scene) {
		s.log[0] = append(s.log[0], "what is this")
		s.stage = stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
			for i := range rows.Len() {
				rows.Outcomes[feature.Online][i] = feature.Pending
			}
			emit(rows)
			return nil
		})
	}, `an outcome that a row has stays`, false},
	{"keeps rows though it can't flush", func(s *scene) {
		var kept []*feature.Rows
		s.source = &script{Partitions: s.log[:1]}
		s.stage = stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
			if kept = append(kept, rows); len(kept) > 1 {
				for _, r := range kept {
					emit(r)
				}
				kept = nil
			}
			return nil
		})
	}, `keeps no rows: they would be lost`, false},
	{"keeps rows at the end", func(s *scene) {
		s.stage = holding(func(_ *pipeline.Node, why pipeline.FlushReason) bool { return why != pipeline.FlushEnd })
	}, `node "the-stage"`, true},
	{"panics", staging(func(*feature.Rows, func(*feature.Rows)) error { panic("index out of range") }), `node "the-stage": log/`, false},
	{"fails", staging(func(*feature.Rows, func(*feature.Rows)) error { return errors.New("no") }), `node "the-stage": log/`, false},
	{"has a fatal error joined with a passing one", staging(func(*feature.Rows, func(*feature.Rows)) error {
		return errors.Join(pipeline.Transient(errors.New("away")), errors.New("the schema is gone"))
	}), `the schema is gone`, false},
	{"opens nil", func(s *scene) { s.stage = opensWith{} }, `node "the-stage"`, false},
	{"can't be opened", func(s *scene) { s.stage = opensWith{err: errors.New("no state")} }, `no state`, false},
	{"wants a batch again at each call", func(s *scene) {
		n := new(atomic.Int64)
		s.stage = stage(func(_ context.Context, _ *pipeline.Node, rows *feature.Rows, emit func(*feature.Rows)) error {
			emit(rows)
			if n.Add(1)%2 == 1 {
				return pipeline.Transient(errors.New("away"))
			}
			return nil
		})
	}, ``, false},
	{"decodes fewer rows than records", decodes(func(rows *feature.Rows, _ feature.Records, emit func(*feature.Rows)) {
		emit(rebuilt(rows, func(i int) bool { return i%2 == 1 }))
	}), `node "the-decoder": log/`, false},
	{"decodes records that were dropped", recording(func(in feature.Records, emit func(feature.Records)) error {
		in.List = slices.Clone(in.List)
		in.List[0].Outcome = feature.Unwanted
		emit(in)
		return nil
	}), `node "the-decoder": log/`, false},
	{"decodes a batch of another source", decodes(func(rows *feature.Rows, _ feature.Records, emit func(*feature.Rows)) {
		out := *rows
		out.Topic = "another"
		emit(&out)
	}), `emitted rows of another/`, false},
}
