package kafka_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/sourcetest"
)

func TestRebalancing(t *testing.T) { rebalancing(t, embedded(t).Brokers()) }

func TestRebalancingOnRealKafka(t *testing.T) { rebalancing(t, servers.Kafka(t)) }

// rebalancing has members come and go while records arrive: between them, each
// record comes once and in order, because each lane ended in good order.
func rebalancing(t *testing.T, brokers []string) {
	const partitions = 4
	l := newLog(t, brokers, partitions, true)
	n := 0
	more := func() {
		for p := range int32(partitions) {
			l.Append(t, p, values(n, n+50)...)
		}
		n += 50
	}
	g := sourcetest.NewGraph(t) // both members' lanes, in the order of their opening
	caughtUp := func() {
		for p := range int32(partitions) {
			g.Await("all records", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, p)) >= n })
		}
	}
	more()
	settings := kafka.Source{
		Brokers: l.brokers, Topic: l.topic, ConsumerGroup: l.group, MaxBatch: 3,
		CommitEvery: time.Hour, // what is handed on is what was committed at the end of a lane
	}
	a := g.Start(settings)
	caughtUp()

	b := g.Start(settings)
	more()
	g.Await("the second member's lanes", func(lanes []sourcetest.Lane) bool { return open(lanes) == partitions && len(lanes) > partitions })
	more()
	caughtUp()
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	more()
	caughtUp()
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}

	lanes := g.Lanes()
	for p := range int32(partitions) {
		if got, want := texts(sourcetest.Got(lanes, p)), texts(values(0, n)); got != want {
			t.Errorf("partition %d: got %s", p, got)
		}
	}
	contiguous(t, lanes)
	if open(lanes) > 0 {
		t.Error("a lane was not ended")
	}
}

func open(lanes []sourcetest.Lane) (n int) {
	for _, l := range lanes {
		if !l.Ended {
			n++
		}
	}
	return n
}

// contiguous checks that a partition's next lane begins where the last ended.
func contiguous(t *testing.T, lanes []sourcetest.Lane) {
	t.Helper()
	at := map[int32]int64{}
	for _, l := range lanes {
		for _, p := range l.Pushes {
			if p.Span.From != at[l.Partition] {
				t.Errorf("partition %d: span %v begins after %d", l.Partition, p.Span, at[l.Partition])
			}
			at[l.Partition] = p.Span.To
		}
	}
}

// A lane that is full when it is revoked leaves nothing behind that holds up
// the partition's next lane in the same process.
func TestAPartitionThatComesBackIsReadThoughItWentFull(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 2, true)
	for p := range int32(2) {
		l.Append(t, p, values(0, 20)...)
	}
	g := sourcetest.NewGraph(t)
	g.Full = func(*sourcetest.Lane) bool { return true }
	a := g.Start(l.Source(sourcetest.Settings{}))
	for p := range int32(2) {
		g.Await("full lanes", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, p)) == 20 })
	}
	passing := sourcetest.NewGraph(t)
	b := passing.Start(l.Source(sourcetest.Settings{}))
	passing.Await("a lane of the other member", func(lanes []sourcetest.Lane) bool { return len(lanes) == 1 })
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	back := passing.Lanes()[0].Partition
	l.Append(t, back, values(20, 30)...)
	g.Await("the partition that came back", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, back)) == 30 })
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
}

// A revoked lane that doesn't finish in time is another member's all the same.
func TestARevokedLaneThatDoesNotFinishMakesThisMemberRestart(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 2, true)
	for p := range int32(2) {
		l.Append(t, p, values(0, 20)...)
	}
	settings := kafka.Source{
		Brokers: l.brokers, Topic: l.topic, ConsumerGroup: l.group, MaxBatch: 5,
		CommitEvery: 20 * time.Millisecond, RebalanceTimeout: 2 * time.Second,
	}
	stuck := sourcetest.NewGraph(t)
	stuck.Hold = true
	a := stuck.Start(settings)
	lanes := stuck.Await("all records", func(lanes []sourcetest.Lane) bool {
		return len(sourcetest.Got(lanes, 0)) == 20 && len(sourcetest.Got(lanes, 1)) == 20
	})
	for _, l := range lanes {
		l.Commit(5)
	}
	other := sourcetest.NewGraph(t)
	b := other.Start(settings)
	if err := a.Wait(); !pipeline.IsRestart(err) || !strings.Contains(err.Error(), "did not finish") {
		t.Fatal(err)
	}
	for p := range int32(2) {
		other.Await("what was not committed", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, p)) == 15 })
	}
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
}

// A member that the group has forgotten may commit nothing any more, and says
// so by Restart.
func TestLanesLostWithoutNoticeMakeThisMemberRestart(t *testing.T) {
	c := embedded(t)
	l := newLog(t, c.Brokers(), 1, true)
	l.Append(t, 0, values(0, 20)...)
	g := sourcetest.NewGraph(t)
	g.Hold = true
	run := g.Start(l.Source(sourcetest.Settings{}))
	lanes := g.Await("records", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 20 })
	c.ControlKey(int16(kmsg.Heartbeat), func(r kmsg.Request) (kmsg.Response, error, bool) {
		resp := r.ResponseKind().(*kmsg.HeartbeatResponse)
		resp.ErrorCode = kerr.UnknownMemberID.Code
		return resp, nil, true
	})
	if err := run.Wait(); !pipeline.IsRestart(err) {
		t.Fatal(err)
	}
	lanes[0].Commit(20) // by a graph that has not heard yet
	g = sourcetest.NewGraph(t)
	run = g.Start(l.Source(sourcetest.Settings{}))
	if at := g.Await("a lane", func(lanes []sourcetest.Lane) bool { return len(lanes) > 0 })[0].Start; at != 0 {
		t.Errorf("a lost lane committed %d", at)
	}
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
}

// Two processes of one InstanceID would take turns for ever: the one that is
// fenced stops.
func TestAFencedInstanceStops(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 1, true)
	l.Append(t, 0, values(0, 20)...)
	settings := kafka.Source{Brokers: l.brokers, Topic: l.topic, ConsumerGroup: l.group, InstanceID: "one"}
	g := sourcetest.NewGraph(t)
	a := g.Start(settings)
	g.Await("records", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 20 })
	b := sourcetest.NewGraph(t).Start(settings)
	if err := a.Wait(); err == nil || pipeline.IsRestart(err) {
		t.Fatal(err)
	}
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
}

// Two members run to one end, whoever gets there first.
func TestAGroupRunsToTheEnd(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 5, true)
	var want []string
	for p := range int32(5) {
		l.Append(t, p, values(0, 100)...)
		for _, r := range values(0, 100) {
			want = append(want, fmt.Sprintf("%d/%s", p, r.Value))
		}
	}
	g := sourcetest.NewGraph(t)
	a := g.Start(l.Source(sourcetest.Settings{UntilEnd: true, MaxBatch: 1}))
	b := g.Start(l.Source(sourcetest.Settings{UntilEnd: true, MaxBatch: 1}))
	for _, run := range []*sourcetest.Running{a, b} {
		if err := run.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for p := range int32(5) {
		for _, r := range sourcetest.Got(g.Lanes(), p) {
			got = append(got, fmt.Sprintf("%d/%s", p, r.Value))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d records, not %d", len(got), len(want))
	}
	contiguous(t, g.Lanes())
}
