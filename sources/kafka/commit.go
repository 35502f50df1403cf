package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// commit tells the group what Commit was told of the lanes, forward only. Two
// commits never overlap, so an older offset can't arrive after a newer one.
func (r *reader) commit(ctx context.Context, lanes []*lane) error {
	if r.ConsumerGroup == "" {
		return nil
	}
	r.committing.Lock()
	defer r.committing.Unlock()
	next := map[*lane]int64{}
	offsets := map[int32]kgo.EpochOffset{}
	for _, l := range lanes {
		if at := l.durable.Load(); at > l.stored {
			next[l] = at
			offsets[l.Partition] = kgo.EpochOffset{Epoch: -1, Offset: at}
		}
	}
	if len(next) == 0 {
		return nil
	}
	if err := r.send(marked(ctx, lanes[0]), offsets); err != nil {
		return err
	}
	for l, at := range next {
		l.stored = at
	}
	return nil
}

func (r *reader) send(ctx context.Context, offsets map[int32]kgo.EpochOffset) (err error) {
	all := map[string]map[int32]kgo.EpochOffset{r.Topic: offsets}
	r.client.CommitOffsetsSync(ctx, all, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, failed error) {
		if err = failed; err != nil {
			return
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if err == nil {
					err = kerr.ErrorForCode(p.ErrorCode)
				}
			}
		}
	})
	return err
}

// commitNow commits with patience, as the last word on the lanes.
func (r *reader) commitNow(lanes []*lane) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := ask(ctx, func() (struct{}, error) { return struct{}{}, r.commit(ctx, lanes) })
	return err
}

// commitEvery commits until the run ends. A failed commit is made good by the
// next one.
func (r *reader) commitEvery(ctx context.Context) {
	tick := time.NewTicker(r.CommitEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		limited, cancel := context.WithTimeout(ctx, patience)
		err := r.commit(limited, r.all())
		cancel()
		if err != nil && !failing && ctx.Err() == nil {
			r.in.Logger.Warn("commit failed, will retry", "group", r.ConsumerGroup, "error", err)
		}
		failing = err != nil
	}
}
