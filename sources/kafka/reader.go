package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline"
)

// reader is one run of a Source.
type reader struct {
	Source
	in     *pipeline.SourceNode
	client *kgo.Client
	admin  *kadm.Client
	hangUp context.CancelFunc // ends the client's requests
	id     string             // the topic's
	count  int32              // its partitions, when the run began
	until  offsets            // nil unless UntilEnd

	reading context.Context // ends when nothing more is to be polled
	stop    context.CancelFunc
	failed  chan struct{} // closed by the first fail
	bereft  atomic.Bool   // lanes were lost
	moved   chan struct{} // holds one if a lane came to its end, or went

	opening  sync.Mutex // held while lanes are opened
	draining bool       // none is opened any more; under opening

	committing sync.Mutex // held through a commit

	mu    sync.Mutex
	err   error           // the first
	why   error           // the run drains, and ends with it
	lanes map[int32]*lane // open ones, by partition
}

func newReader(s Source, in *pipeline.SourceNode) *reader {
	return &reader{Source: s, in: in, lanes: map[int32]*lane{}, failed: make(chan struct{}), moved: make(chan struct{}, 1)}
}

// run polls until it is told to stop, and then, if nothing failed, has all
// lanes finish.
func (r *reader) run(ctx context.Context) error {
	r.reading, r.stop = context.WithCancel(ctx)
	defer r.stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	beside, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r.ConsumerGroup != "" {
		wg.Go(func() { r.commitEvery(beside) })
		r.client.AddConsumeTopics(r.Topic)
	} else if err := r.consumeAll(ctx); err != nil {
		return r.unless(ctx, err)
	}
	if r.UntilEnd {
		wg.Go(func() { r.watchEnd(beside) })
	} else if r.ConsumerGroup == "" {
		wg.Go(func() { r.watchGrowth(beside) })
	}
	r.poll()
	return r.drain()
}

// unless forgets an error that only says that ctx has ended.
func (r *reader) unless(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return r.drain()
	}
	return err
}

// drain ends all lanes and returns once they are done and the group knows it.
// Rebalances go on meanwhile: lanes that are revoked finish in revoked.
func (r *reader) drain() error {
	r.opening.Lock()
	r.draining = true
	r.opening.Unlock()
	lanes := r.all()
	r.finish(lanes)
	if err := r.wait(lanes, nil); err != nil {
		return err
	}
	if err := r.commitNow(r.all()); err != nil {
		return fmt.Errorf("last commit to group %q: %w", r.ConsumerGroup, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.why
}

// close leaves the group. What is still held is let go without more ado. A member
// that is about to join can't leave before it has: the broker answers once others
// have come or timed out. Then the client hangs up.
func (r *reader) close() {
	r.drop(r.all())
	r.client.AllowRebalance()
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if err := r.client.LeaveGroupContext(ctx); err != nil {
		r.in.Logger.Warn("request to leave the group failed, the group will time this member out", "group", r.ConsumerGroup, "error", err)
	}
	r.hangUp()
	r.client.CloseAllowingRebalance()
}

// fail stops the run. The first error is the one that Run returns.
func (r *reader) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
		close(r.failed)
		r.stop()
	}
}

// halt stops the run for an error at the start of lanes. One that leaves the
// open lanes sound lets them drain first, and is reported as such.
func (r *reader) halt(err error) (drains bool) {
	var grown *PartitionsError
	if !errors.As(err, &grown) {
		r.fail(err)
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.why = err
	r.stop()
	return true
}

var errLate = errors.New("late")

// wait returns nil once all lanes are done, and errLate if late comes first.
func (r *reader) wait(lanes []*lane, late <-chan time.Time) error {
	for _, l := range lanes {
		select {
		case <-l.Done:
		case <-late:
			return errLate
		case <-r.failed:
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// finish ends lanes together.
func (r *reader) finish(lanes []*lane) {
	feeds := make([]*pipeline.Feed, len(lanes))
	for i, l := range lanes {
		l.ended.Store(true)
		feeds[i] = l.Feed
	}
	r.in.End(feeds...)
}

func (r *reader) lane(partition int32) *lane {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lanes[partition]
}

func (r *reader) all() []*lane {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.lanes))
}

func (r *reader) some(partitions []int32) (lanes []*lane) {
	for _, p := range partitions {
		if l := r.lane(p); l != nil {
			lanes = append(lanes, l)
		}
	}
	return lanes
}

// drop forgets lanes: nothing is pushed to them or committed for them any more.
func (r *reader) drop(lanes []*lane) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range lanes {
		delete(r.lanes, l.Partition)
	}
	signal(r.moved)
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
