package kafka_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/kafkatest"
	"github.com/tandemdata/tandem/sources/sourcetest"
)

func values(from, to int) (out []feature.Record) {
	for i := from; i < to; i++ {
		out = append(out, feature.Record{Value: []byte(strconv.Itoa(i))})
	}
	return out
}

func texts(records []feature.Record) string {
	var out []string
	for _, r := range records {
		out = append(out, string(r.Value))
	}
	return strings.Join(out, " ")
}

// bounded reads to the end and gives what came from partition 0.
func bounded(t *testing.T, s kafka.Source) string {
	t.Helper()
	s.UntilEnd = true
	g := sourcetest.NewGraph(t)
	if err := g.Start(s).Wait(); err != nil {
		t.Fatal(err)
	}
	return texts(sourcetest.Got(g.Lanes(), 0))
}

func TestAllWrongSettingsAreReportedAtOnce(t *testing.T) {
	err := kafka.Source{InstanceID: "a", Epoch: -1, MaxBatch: -1, SASL: &kafka.SASL{User: "u", Mechanism: "GSSAPI"}}.Check()
	for _, want := range []string{"Brokers", "Topic", "Epoch", "InstanceID", "negative", "GSSAPI"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestUnreachableBrokersAreOneErrorSoon(t *testing.T) {
	c := embedded(t)
	brokers := c.Brokers()
	c.Close()
	begun := time.Now()
	err := sourcetest.NewGraph(t).Start(kafka.Source{Brokers: brokers, Topic: "clicks", ConsumerGroup: "g"}).Wait()
	if err == nil || !strings.Contains(err.Error(), brokers[0]) || time.Since(begun) > 11*time.Second {
		t.Fatalf("after %v: %v", time.Since(begun), err)
	}
}

func TestUnknownTopicIsOneErrorSoon(t *testing.T) {
	err := sourcetest.NewGraph(t).Start(kafka.Source{Brokers: embedded(t).Brokers(), Topic: "clicks", ConsumerGroup: "g"}).Wait()
	if err == nil || err.Error() != `topic "clicks" does not exist` {
		t.Fatal(err)
	}
}

func TestUnknownPartitionsBeginByFrom(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 1, false)
	old := time.Now().Add(-time.Hour)
	for i, r := range values(0, 10) {
		at := old
		if i >= 5 {
			at = old.Add(30 * time.Minute)
		}
		rec := &kgo.Record{Topic: l.topic, Value: r.Value, Timestamp: at}
		if err := kafkatest.Produce(t.Context(), l.brokers, rec); err != nil {
			t.Fatal(err)
		}
	}
	for from, want := range map[kafka.From]string{
		kafka.Earliest:                         "0 1 2 3 4 5 6 7 8 9",
		kafka.Latest:                           "",
		kafka.Since(old.Add(10 * time.Minute)): "5 6 7 8 9",
		kafka.Since(time.Now()):                "",
	} {
		if got := bounded(t, kafka.Source{Brokers: l.brokers, Topic: l.topic, From: from}); got != want {
			t.Errorf("from %v: %q", from, got)
		}
	}
}

func TestGroupOffsetsSetByHandAreFollowed(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 1, true)
	l.Append(t, 0, values(0, 10)...)
	offsets := kadm.Offsets{}
	offsets.AddOffset(l.topic, 0, 7, -1)
	if err := l.admin.CommitAllOffsets(t.Context(), l.group, offsets); err != nil {
		t.Fatal(err)
	}
	if got := bounded(t, kafka.Source{Brokers: l.brokers, Topic: l.topic, ConsumerGroup: l.group, Epoch: 3}); got != "7 8 9" {
		t.Errorf("got %q", got)
	}
}

// The group's offsets are of the life that they were committed in.
func TestGroupOffsetsKnowTheirEpoch(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 1, true)
	l.Append(t, 0, values(0, 5)...)
	s := kafka.Source{Brokers: l.brokers, Topic: l.topic, ConsumerGroup: l.group, Epoch: 1}
	bounded(t, s)
	if got := bounded(t, s); got != "" {
		t.Errorf("the same epoch reads %q again", got)
	}
	s.Epoch = 2
	if got := bounded(t, s); got != "0 1 2 3 4" {
		t.Errorf("a new epoch reads %q", got)
	}
	s.Epoch = 1
	var older *kafka.EpochError
	if err := sourcetest.NewGraph(t).Start(s).Wait(); !errors.As(err, &older) || older.Known != 2 {
		t.Errorf("an older epoch: %v", err)
	}
}

func TestTopicRecreatedBetweenRunsStopsUntilTheEpochIsRaised(t *testing.T) {
	c := embedded(t)
	l := newLog(t, c.Brokers(), 1, false)
	l.Append(t, 0, values(0, 5)...)
	g := sourcetest.NewGraph(t)
	run := g.Start(kafka.Source{Brokers: l.brokers, Topic: l.topic})
	id := g.Await("a lane", func(lanes []sourcetest.Lane) bool { return len(lanes) > 0 })[0].TopicID
	if err := run.Stop(); err != nil || id == "" {
		t.Fatal(err, id)
	}
	recreate(t, c, l.topic)
	l.Append(t, 0, values(10, 16)...)

	g = sourcetest.NewGraph(t)
	g.Progress[0] = feature.Progress{TopicID: id, Counted: 3}
	var again *kafka.RecreatedError
	if err := g.Start(kafka.Source{Brokers: l.brokers, Topic: l.topic}).Wait(); !errors.As(err, &again) || again.Was != id || again.Now == "" {
		t.Fatal(err)
	}
	if err := g.Start(kafka.Source{Brokers: l.brokers, Topic: l.topic, Epoch: 1, UntilEnd: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := texts(sourcetest.Got(g.Lanes(), 0)); got != "10 11 12 13 14 15" {
		t.Errorf("the new life reads %q", got)
	}
}

func recreate(t *testing.T, c *kafkatest.Cluster, topic string) {
	t.Helper()
	if err := errors.Join(c.DeleteTopic(topic), c.CreateTopic(topic, 1, nil)); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherNumberOfPartitionsStopsWhereOneIsGiven(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 3, false)
	err := sourcetest.NewGraph(t).Start(kafka.Source{Brokers: l.brokers, Topic: l.topic, Partitions: 2}).Wait()
	if err == nil || !strings.Contains(err.Error(), "3 partitions, not the 2") {
		t.Fatal(err)
	}
}

func TestSASL(t *testing.T) {
	c, err := kafkatest.Start(map[string]int32{"clicks": 1}, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "u", "p"), kfake.Superuser("PLAIN", "v", "q"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := kafka.Source{Brokers: c.Brokers(), Topic: "clicks", SASL: &kafka.SASL{User: "u", Password: "p"}}
	bounded(t, s)
	s.SASL = &kafka.SASL{User: "v", Password: "q", Mechanism: "PLAIN"}
	bounded(t, s)
	s.SASL.Password = "wrong"
	if err := sourcetest.NewGraph(t).Start(s).Wait(); err == nil {
		t.Error("a wrong password was taken")
	}
}
