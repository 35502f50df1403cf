package stages_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages"
	"github.com/tandemdata/tandem/stages/stagetest"
)

type rowStage = stagetest.Harness[*feature.Rows, *feature.Rows]

// rowsOf makes batches of rows of few keys and moments, with deletes, gaps and
// rows that come twice.
func rowsOf(s *feature.Schema) func(*rand.Rand, int32) []*feature.Rows {
	return func(rng *rand.Rand, partition int32) (list []*feature.Rows) {
		g := rowgen.Gen{Schema: s, Seed: rng.Uint64(), Keys: 6, FirstKey: 100 * int(partition), Times: 4, Deletes: 10, Spans: 2}
		at, from := feature.TopicPartition{Topic: "stagetest", Partition: partition}, int64(0)
		for range 16 {
			rows := g.Batch(at, from, 1+rng.IntN(8))
			from = rows.Span().To
			list = append(list, rows)
			if rng.IntN(3) == 0 { // the same rows again
				list = append(list, again(rows))
				from = list[len(list)-1].Span().To
			}
		}
		return list
	}
}

// again is the rows of a batch once more, after it in the log.
func again(rows *feature.Rows) *feature.Rows {
	next := feature.NewRows(rows.Schema, rows.TopicPartition)
	by := rows.Span().To - rows.Span().From
	for i := range rows.Len() {
		for c := range next.Columns {
			if err := next.Columns[c].Append(rows.Columns[c].Value(i)); err != nil {
				panic(err)
			}
		}
		rec := rows.Records[i]
		rec.Offset += by
		next.Add(rec, rows.Ops[i])
	}
	for _, s := range rows.Spans {
		next.Spans = append(next.Spans, feature.Span{From: s.From + by, To: s.To + by})
	}
	next.Seal()
	return next
}

// TestStage runs what every stage must keep against each of ours.
func TestStage(t *testing.T) {
	byLog := rowgen.Timed(feature.ByLog)
	byTime := rowgen.With(rowgen.Timed(feature.ByEventTime), func(g *feature.Group) { g.Keys = feature.KeysStay })
	moves := rowgen.With(rowgen.Timed(feature.ByEventTime), func(g *feature.Group) { g.Keys = feature.KeysMove })
	odd := func(r feature.Row) bool { return r.Record().Offset%2 == 1 }
	type small struct {
		ID string    `feature:"id"`
		At time.Time `feature:"event_time"`
	}
	for name, h := range map[string]rowStage{
		"dedup by log":         {Spec: stages.Dedup{}, Schema: byLog, Batches: rowsOf(byLog)},
		"dedup by event time":  {Spec: stages.Dedup{}, Schema: byTime, Batches: rowsOf(byTime)},
		"dedup of offsets":     {Spec: stages.Dedup{OffsetsOnly: true}, Schema: moves, Batches: rowsOf(moves)},
		"order-guard by log":   {Spec: stages.OrderGuard{}, Schema: byLog, Batches: rowsOf(byLog)},
		"order-guard":          {Spec: stages.OrderGuard{}, Schema: byTime, Batches: rowsOf(byTime)},
		"order-guard, rejects": {Spec: stages.OrderGuard{Late: stages.Reject}, Schema: byTime, Batches: rowsOf(byTime)},
		"batch":                {Spec: stages.Batch{MaxRows: 20}, Schema: byTime, Batches: rowsOf(byTime)},
		"batch with a delay":   {Spec: stages.Batch{Delay: time.Hour}, Schema: byTime, Batches: rowsOf(byTime)},
		"filter":               {Spec: stages.Filter(odd), Schema: byTime, Batches: rowsOf(byTime)},
		"map": {Spec: stages.Map(func(in small) (small, error) {
			switch in.At.UnixMilli() % 3 {
			case 0:
				return in, stages.ErrFiltered
			case 1:
				return in, errors.New("one of three")
			}
			return in, nil
		}), Schema: byTime, Batches: rowsOf(byTime)},
	} {
		t.Run(name, func(t *testing.T) { stagetest.Run(t, h) })
	}
	t.Run("decode", func(t *testing.T) {
		stagetest.Run(t, stagetest.Harness[feature.Records, *feature.Rows]{
			Spec: stages.Decode{
				Group:  feature.Group{Name: "clicks", PrimaryKey: []string{"k"}},
				Schema: clickSchema,
			},
			Batches: recordsOf,
		})
	})
	t.Run("handler", func(t *testing.T) {
		stagetest.Run(t, stagetest.Harness[feature.Records, feature.Records]{
			Spec: stages.Handler(func(m *message.Message) ([]*message.Message, error) {
				switch len(m.Payload) % 3 {
				case 0:
					return nil, nil
				case 1:
					return nil, errors.New("one of three")
				}
				copy(m.Payload, "changed")
				return []*message.Message{m}, nil
			}),
			Batches: recordsOf,
		})
	})
}

const clickSchema = `{"type": "record", "name": "Click", "fields": [{"name": "k", "type": "string"}, {"name": "v", "type": "long"}]}`

// recordsOf makes batches of records of which some are deletes and some no rows.
func recordsOf(rng *rand.Rand, partition int32) (list []feature.Records) {
	schema, offset := avro.MustParse(clickSchema), int64(0)
	for range 12 {
		r := feature.Records{TopicPartition: feature.TopicPartition{Topic: "stagetest", Partition: partition}}
		r.Span.From = offset
		for range rng.IntN(7) {
			key := fmt.Sprintf("p%dk%d", partition, rng.IntN(5))
			body, err := avro.Marshal(schema, map[string]any{"k": key, "v": rng.Int64N(1 << rng.IntN(40))})
			if err != nil {
				panic(err)
			}
			switch rng.IntN(6) {
			case 0:
				body = nil
			case 1:
				body = body[:len(body)-1]
			}
			r.List = append(r.List, feature.Record{Key: []byte(key), Value: body, Offset: offset})
			offset += 1 + rng.Int64N(2)
		}
		offset++
		r.Span.To = offset
		list = append(list, r)
	}
	return list
}
