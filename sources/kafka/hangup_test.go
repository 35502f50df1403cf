package kafka_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/kafkatest"
	"github.com/tandemdata/tandem/sources/sourcetest"
)

// What stands before a broker that restarts may take connections and end them at once. That passes, as any other
// outage does.
func TestABrokerThatHangsUpAtOnceIsWaitedFor(t *testing.T) {
	t.Parallel() // the client takes its time
	c, err := kafkatest.Start(nil, kfake.NumBrokers(2))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	l := newLog(t, c.Brokers(), 1, false)
	l.Append(t, 0, values(0, 20)...)
	g := sourcetest.NewGraph(t)
	run := g.Start(kafka.Source{Brokers: l.brokers, Topic: l.topic})
	g.Await("records", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 20 })

	var refused atomic.Int32
	met := make(chan struct{})
	hangUp := func(kmsg.Request) (kmsg.Response, error, bool) { return nil, errors.New("hang up"), true }
	c.ControlKey(int16(kmsg.ApiVersions), func(r kmsg.Request) (kmsg.Response, error, bool) {
		switch n := refused.Add(1); {
		case n > 6:
			c.DropControl()
			return nil, nil, false
		case n == 6:
			close(met)
		}
		c.KeepControl()
		return hangUp(r)
	})
	// The client asks the new leader where its epoch began, over a new connection.
	c.ControlKey(int16(kmsg.OffsetForLeaderEpoch), hangUp)
	if err := c.MoveTopicPartition(l.topic, 0, 1-c.LeaderFor(l.topic, 0)); err != nil {
		t.Fatal(err)
	}
	<-met
	l.Append(t, 0, values(20, 40)...)
	g.Await("the records after it", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 40 })
	if err := run.Stop(); err != nil {
		t.Fatal(err)
	}
}
