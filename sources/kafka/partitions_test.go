package kafka_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/sourcetest"
)

func TestPartitionsAddedWhileTheyAreRead(t *testing.T) {
	brokers := embedded(t).Brokers()
	t.Run("in_a_group", func(t *testing.T) { partitionsAdded(t, brokers, true) })
	t.Run("alone", func(t *testing.T) { partitionsAdded(t, brokers, false) })
}

func TestPartitionsAddedWhileTheyAreReadOnRealKafka(t *testing.T) {
	brokers := servers.Kafka(t)
	t.Run("in_a_group", func(t *testing.T) { partitionsAdded(t, brokers, true) })
	t.Run("alone", func(t *testing.T) { partitionsAdded(t, brokers, false) })
}

// partitionsAdded: by event time the new ones are read from their beginning, by
// log the run drains and says why.
func partitionsAdded(t *testing.T, brokers []string, group bool) {
	l := newLog(t, brokers, 2, group)
	l.Append(t, 0, values(0, 5)...)
	s := kafka.LookingEvery(l.Source(sourcetest.Settings{}).(kafka.Source), 100*time.Millisecond)
	s.From = kafka.Latest // of what is there; whatever a new partition has came later
	l.Append(t, 1, values(5, 10)...)
	byTime, byLog := sourcetest.NewGraph(t), sourcetest.NewGraph(t)
	byLog.KeysStay = true
	first := byTime.Start(s)
	byTime.Await("both lanes", func(lanes []sourcetest.Lane) bool { return len(lanes) == 2 })
	s.ConsumerGroup += "-by-log"
	if !group {
		s.ConsumerGroup = ""
	}
	second := byLog.Start(s)
	byLog.Await("both lanes", func(lanes []sourcetest.Lane) bool { return len(lanes) == 2 })

	l.grow(t, 2)
	l.Append(t, 2, values(10, 15)...)
	l.Append(t, 3, values(15, 20)...)

	for p, want := range map[int32]string{2: texts(values(10, 15)), 3: texts(values(15, 20))} {
		lanes := byTime.Await("the new partitions", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, p)) >= 5 })
		if got := texts(sourcetest.Got(lanes, p)); got != want {
			t.Errorf("of partition %d came %q", p, got)
		}
	}
	if err := first.Stop(); err != nil {
		t.Error(err)
	}
	var grown *kafka.PartitionsError
	if err := second.Wait(); !errors.As(err, &grown) || grown.Was != 2 || grown.Now != 4 || pipeline.IsTransient(err) || pipeline.IsRestart(err) {
		t.Fatal(err)
	}
	for _, lane := range byLog.Lanes() {
		if lane.Partition > 1 || !lane.Ended || lane.Partitions != 2 {
			t.Errorf("lane %d of %d partitions, ended: %v", lane.Partition, lane.Partitions, lane.Ended)
		}
	}
}

// grow adds partitions, and returns once the broker tells of them.
func (l *topic) grow(t *testing.T, by int) {
	t.Helper()
	was, err := l.admin.ListTopics(t.Context(), l.topic)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.admin.CreatePartitions(t.Context(), by, l.topic)
	if err = errors.Join(err, r.Error()); err != nil {
		t.Fatal(err)
	}
	for now := was; len(now[l.topic].Partitions) < len(was[l.topic].Partitions)+by; {
		if now, err = l.admin.ListTopics(t.Context(), l.topic); err != nil {
			t.Fatal(err)
		}
	}
}

// What the sinks hold says how many partitions there were: of any of them, for
// some may never have had a row.
func TestPartitionsAddedBetweenRunsStopByLogUntilTheEpochIsRaised(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 3, false)
	id := topicID(t, l)
	l.Append(t, 0, values(0, 5)...)
	l.Append(t, 1, values(5, 10)...)
	l.Append(t, 2, values(10, 15)...)
	held := map[int32]feature.Progress{1: {TopicID: id, Partitions: 2, Counted: 3}}
	s := kafka.Source{Brokers: l.brokers, Topic: l.topic, UntilEnd: true}
	run := func(byLog bool, epoch int32) (*sourcetest.Graph, error) {
		g := sourcetest.NewGraph(t)
		g.Progress, g.KeysStay, s.Epoch = held, byLog, epoch
		return g, g.Start(s).Wait()
	}
	var grown *kafka.PartitionsError
	if _, err := run(true, 0); !errors.As(err, &grown) || grown.Was != 2 || grown.Now != 3 {
		t.Fatal(err)
	}
	for byLog, epoch := range map[bool]int32{true: 1, false: 0} {
		g, err := run(byLog, epoch)
		if err != nil {
			t.Fatal(err)
		}
		want := map[int32]string{0: texts(values(0, 5)), 1: texts(values(8, 10)), 2: texts(values(10, 15))}
		for _, lane := range g.Lanes() {
			if got := texts(sourcetest.Got(g.Lanes(), lane.Partition)); got != want[lane.Partition] || lane.Epoch != epoch || lane.Partitions != 3 {
				t.Errorf("epoch %d, partition %d: %q of %d partitions", lane.Epoch, lane.Partition, got, lane.Partitions)
			}
		}
	}
}

// The group's own offsets say it too, where no sink keeps progress.
func TestTheGroupKnowsHowManyPartitionsThereWere(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 2, true)
	l.Append(t, 0, values(0, 5)...)
	s := l.Source(sourcetest.Settings{UntilEnd: true})
	g := sourcetest.NewGraph(t)
	if err := g.Start(s).Wait(); err != nil {
		t.Fatal(err)
	}
	l.grow(t, 1)
	g = sourcetest.NewGraph(t)
	g.KeysStay = true
	var grown *kafka.PartitionsError
	if err := g.Start(s).Wait(); !errors.As(err, &grown) || grown.Was != 2 || grown.Now != 3 {
		t.Fatal(err)
	}
}

func topicID(t *testing.T, l *topic) string {
	t.Helper()
	all, err := l.admin.ListTopics(t.Context(), l.topic)
	if err != nil {
		t.Fatal(err)
	}
	return all[l.topic].ID.String()
}

// Where that is asked for, what retention took is skipped, and the gap is kept.
func TestLostRecordsAreSkippedWhereThatIsAsked(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 1, false)
	l.Append(t, 0, values(0, 10)...)
	l.Trim(t, 0, 7)
	g := sourcetest.NewGraph(t)
	before := feature.Span{From: 1, To: 2}
	g.Progress[0] = feature.Progress{Counted: 4, Gaps: []feature.Span{before}, Sinks: map[string]feature.SinkProgress{"sink": {Next: 4}}}
	s := kafka.Source{Brokers: l.brokers, Topic: l.topic, SkipLost: true, UntilEnd: true}
	if err := g.Start(s).Wait(); err != nil {
		t.Fatal(err)
	}
	lanes := g.Lanes()
	gaps := lanes[0].Resumed.Gaps
	if got := texts(sourcetest.Got(lanes, 0)); got != "7 8 9" || len(gaps) != 2 || gaps[0] != before || gaps[1] != (feature.Span{From: 4, To: 7}) {
		t.Errorf("got %q after the gaps %v", got, gaps)
	}
	if n := len(g.Progress[0].Gaps); n != 1 {
		t.Errorf("the sinks' own progress has %d gaps now", n)
	}

	var loss *pipeline.DataLossError
	g.Progress[0] = feature.Progress{Counted: 11} // past the end: nothing was lost, it is another log
	if err := g.Start(s).Wait(); !errors.As(err, &loss) {
		t.Errorf("an offset past the end was skipped: %v", err)
	}
}

// A gap that opens while the lane is full has the lanes reopen after it.
func TestRecordsLostUnderAFullLaneAreSkippedByReopeningIt(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 1, true)
	l.Append(t, 0, values(0, 10)...)
	g := sourcetest.NewGraph(t)
	g.Full = func(*sourcetest.Lane) bool { return true }
	s := l.Source(sourcetest.Settings{}).(kafka.Source)
	s.SkipLost = true
	run := g.Start(s)
	lanes := g.Await("a full lane", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 10 })
	l.Append(t, 0, values(10, 30)...)
	l.Trim(t, 0, 25)
	lanes[0].Ready()
	var gap *pipeline.DataLossError
	if err := run.Wait(); !pipeline.IsRestart(err) || !errors.As(err, &gap) || gap.Want != 10 || gap.Earliest != 25 {
		t.Fatal(err)
	}
}
