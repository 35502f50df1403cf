package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline"
)

func (r *reader) groupOptions() []kgo.Opt {
	if r.ConsumerGroup == "" {
		return nil
	}
	opts := []kgo.Opt{
		kgo.ConsumerGroup(r.ConsumerGroup),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.BlockRebalanceOnPoll(),
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(r.SessionTimeout),
		kgo.RebalanceTimeout(r.RebalanceTimeout),
		kgo.AdjustFetchOffsetsFn(r.assigned),
		kgo.OnPartitionsRevoked(r.revoked),
		kgo.OnPartitionsLost(r.lostAll),
		kgo.WithHooks(&membership{r}),
	}
	if r.InstanceID != "" {
		opts = append(opts, kgo.InstanceID(r.InstanceID))
	}
	return opts
}

// assigned opens the lanes of new partitions. Its ctx ends when the group moves
// on, and then it is asked again for those that are still this member's.
func (r *reader) assigned(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	if r.reading.Err() != nil {
		return nil, nil
	}
	var partitions []int32
	for p := range offsets[r.Topic] {
		if r.lane(p) != nil {
			err := pipeline.Restart(fmt.Errorf("group %q assigned partition %d twice", r.ConsumerGroup, p))
			r.fail(err)
			return nil, err
		}
		partitions = append(partitions, p)
	}
	fetch, err := r.begin(ctx, partitions)
	if err != nil {
		if ctx.Err() == nil && r.halt(err) {
			return nil, nil // an error would have the client give up the lanes that drain
		}
		return nil, err
	}
	return map[string]map[int32]kgo.Offset{r.Topic: fetch}, nil
}

// revoked finishes lanes in good order before another member may have them. The
// group's heart beats on meanwhile, and no poll runs.
func (r *reader) revoked(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
	lanes := r.some(lost[r.Topic])
	if len(lanes) == 0 {
		return
	}
	r.finish(lanes)
	late := time.NewTimer(r.RebalanceTimeout / 2)
	defer late.Stop()
	err := r.wait(lanes, late.C)
	if err == nil {
		err = r.commitNow(lanes)
	}
	r.drop(lanes)
	switch {
	case errors.Is(err, errLate):
		r.fail(pipeline.Restart(fmt.Errorf("partitions %v of group %q were revoked, and their lanes did not finish in %v",
			lost[r.Topic], r.ConsumerGroup, r.RebalanceTimeout/2)))
	case err != nil:
		// Whoever reads on begins where the group last knew: again, not wrong.
		r.in.Logger.Warn("last commit of revoked partitions failed, whoever reads on begins at the one before", "group", r.ConsumerGroup, "error", err)
	}
}

// lostAll lets go of lanes that others may be reading already: nothing of them
// may be committed any more.
func (r *reader) lostAll(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
	lanes := r.some(lost[r.Topic])
	r.drop(lanes)
	if len(lanes) > 0 {
		r.bereft.Store(true)
	}
}

// membership hears why the group was lost, right after lostAll and before polls go on.
type membership struct{ *reader }

var _ kgo.HookGroupManageError = (*membership)(nil)

// OnGroupManageError is called by the client, which tries to join again unless it is closed.
func (m *membership) OnGroupManageError(err error) {
	err = fmt.Errorf("group %q: %w", m.ConsumerGroup, err)
	switch {
	case refused(err):
		m.fail(err)
	case m.bereft.Load():
		m.fail(pipeline.Restart(err))
	default:
		m.in.Logger.Warn("could not join the group, will retry", "group", m.ConsumerGroup, "error", err)
	}
}
