package kafka

import (
	"context"
	"log/slog"

	"github.com/tandemdata/tandem/pipeline"
)

// Ends asks for the end of each partition of the topic that has records, by a
// connection of its own: after the last record that no open transaction hides.
func (s Source) Ends(ctx context.Context) (map[int32]int64, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	s.ConsumerGroup, s.InstanceID = "", ""
	r := newReader(s.defaulted(), &pipeline.SourceNode{Logger: slog.New(slog.DiscardHandler)})
	if err := r.connect(ctx); err != nil {
		return nil, mayPass(err)
	}
	defer r.client.Close()
	defer r.hangUp()
	t, err := r.topic(ctx)
	if err != nil {
		return nil, mayPass(err)
	}
	first, err := t.first(ctx)
	if err != nil {
		return nil, mayPass(err)
	}
	ends, err := t.stable(ctx)
	for p, end := range ends {
		if first[p] == end {
			delete(ends, p)
		}
	}
	return ends, mayPass(err)
}
