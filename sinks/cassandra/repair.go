package cassandra

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

var _ pipeline.Repairer = (*Sink)(nil)

// Repair sends the rows as the graph has sent them, with their own timestamps, so that
// a newer row wins whenever it comes. So does what was written or deleted by hand, with the time of a clock.
func (s *Sink) Repair(ctx context.Context, schema *feature.Schema, fixes []pipeline.Fix) (err error) {
	n := &pipeline.SinkNode{
		Name: "repair", Schema: schema, Logger: slog.New(slog.DiscardHandler),
		Durable: func(*feature.Lane, []feature.SpanTally) {}, Fail: func(error) {},
	}
	w, err := s.Open(ctx, n)
	if err != nil {
		return err
	}
	defer w.Close()
	logs := map[feature.TopicPartition][]feature.Stored{}
	for _, f := range fixes {
		v := f.Row.Version
		p := feature.TopicPartition{Partition: v.Partition, Epoch: v.Epoch}
		if f.Remove {
			f.Row = removal(schema, f.Row)
		}
		logs[p] = append(logs[p], f.Row)
	}
	for p, list := range logs {
		rows, err := feature.Restore(schema, p, list...)
		if err != nil {
			return err
		}
		if err := w.Write(ctx, &feature.Lane{TopicPartition: p}, rows); err != nil {
			return fmt.Errorf("repair: %w", err)
		}
	}
	return nil
}

// removal is a delete with the timestamp of a row, over which it wins.
func removal(schema *feature.Schema, row feature.Stored) feature.Stored {
	out := row
	out.Version.Delete, out.Values = true, make([]any, len(row.Values))
	for i, v := range row.Values {
		if schema.IsKey(i) || i == schema.Time() {
			out.Values[i] = v
		}
	}
	return out
}
