package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
)

// consumeAll reads all partitions without a group.
func (r *reader) consumeAll(ctx context.Context) error {
	t, err := r.topic(ctx)
	if err != nil {
		return err
	}
	return r.consume(ctx, 0, t.count)
}

func (r *reader) consume(ctx context.Context, from, to int32) error {
	var partitions []int32
	for p := from; p < to; p++ {
		partitions = append(partitions, p)
	}
	fetch, err := r.begin(ctx, partitions)
	if err == nil {
		r.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{r.Topic: fetch})
	}
	return err
}

// watchGrowth reads partitions that the topic gains; a group is told of them by
// its client.
func (r *reader) watchGrowth(ctx context.Context) {
	for count := r.count; pause(ctx, r.growth); {
		t, err := r.topic(ctx)
		if err == nil && t.count > count {
			err = r.consume(ctx, count, t.count)
			count = t.count
		}
		if err != nil && ctx.Err() == nil {
			r.halt(err)
			return
		}
	}
}
