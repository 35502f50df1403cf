package crash

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// patience is how long anything may take to come about.
const patience = 2 * time.Minute

// observer asks a broker about the children's group.
type observer struct {
	*kadm.Client
	group string
}

// holders counts the members of the group that have partitions, if the group has given all partitions away, else 0.
func (o *observer) holders(ctx context.Context) (int, error) {
	all, err := o.DescribeGroups(ctx, o.group)
	if err == nil {
		err = all.Error()
	}
	if err != nil {
		return 0, fmt.Errorf("group %q: %w", o.group, err)
	}
	g := all[o.group]
	if g.State != "Stable" {
		return 0, nil
	}
	holders, given := 0, 0
	for _, m := range g.Members {
		a, ok := m.Assigned.AsConsumer()
		if !ok {
			continue
		}
		has := 0
		for _, t := range a.Topics {
			has += len(t.Partitions)
		}
		if given += has; has > 0 {
			holders++
		}
	}
	if given < partitions {
		return 0, nil
	}
	return holders, nil
}

// committed is where the group would go on in a partition; false if it knows nothing of it.
func (o *observer) committed(ctx context.Context, partition int32) (int64, bool, error) {
	offsets, err := o.offsets(ctx)
	at, ok := offsets.Lookup(o.group, partition)
	return at.At, ok && at.At >= 0, err
}

// behind is how many of the records that were sent the group has not committed.
func (o *observer) behind(ctx context.Context, sent int) (int, error) {
	offsets, err := o.offsets(ctx)
	offsets.Each(func(r kadm.OffsetResponse) { sent -= int(r.At) })
	return sent, err
}

func (o *observer) offsets(ctx context.Context) (kadm.OffsetResponses, error) {
	offsets, err := o.FetchOffsets(ctx, o.group)
	if err == nil {
		err = offsets.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("offsets of group %q: %w", o.group, err)
	}
	return offsets, nil
}

// Held waits until so many members of the group have all partitions among them, and sends more all the while.
func (w *World) Held(ctx context.Context, by int) error {
	return w.until(ctx, fmt.Sprintf("%d members to have all partitions", by), func() (bool, error) {
		n, err := w.group.holders(ctx)
		return n == by, err
	})
}

// CaughtUp waits until the group has committed all that was sent.
func (w *World) CaughtUp(ctx context.Context) error {
	return w.wait(ctx, "all that was sent to be committed", func() (bool, error) {
		n, err := w.group.behind(ctx, w.sent)
		return n == 0, err
	})
}

// AtWork waits until the group has committed more than it has now.
func (w *World) AtWork(ctx context.Context) error {
	before, err := w.group.behind(ctx, 0)
	if err != nil {
		return err
	}
	return w.until(ctx, "the next commit", func() (bool, error) {
		now, err := w.group.behind(ctx, 0)
		return now < before, err
	})
}

// until is wait under load.
func (w *World) until(ctx context.Context, what string, ok func() (bool, error)) error {
	return w.wait(ctx, what, func() (bool, error) {
		if err := w.Produce(ctx, 40); err != nil {
			return false, err
		}
		return ok()
	})
}

// wait asks again and again, as long as no child fails. An error of the servers may be of the fault that is tried.
func (w *World) wait(ctx context.Context, what string, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if err := w.failure(); err != nil {
			return err
		}
		done, err := ok()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v for %s: %w", patience, what, errors.Join(err, ctx.Err()))
		case <-time.After(50 * time.Millisecond):
		}
	}
}
