package kafka_test

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/sourcetest"
)

func TestTransactions(t *testing.T) { transactions(t, embedded(t).Brokers()) }

func TestTransactionsOnRealKafka(t *testing.T) { transactions(t, servers.Kafka(t)) }

// transactions has aborted and control records lie inside of spans, and the
// end stand before what is still open.
func transactions(t *testing.T, brokers []string) {
	l := newLog(t, brokers, 1, true)
	l.Append(t, 0, values(0, 2)...)
	tx := transactional(t, l)
	tx.write(t, "2", "3")
	tx.end(t, kgo.TryCommit)
	tx.write(t, "no", "no")
	tx.end(t, kgo.TryAbort)
	l.Append(t, 0, values(4, 5)...)
	tx.write(t, "no", "no")
	tx.end(t, kgo.TryAbort)
	last := settled(t, l)
	tx.write(t, "open")
	l.Append(t, 0, values(6, 7)...) // after an open transaction

	g := sourcetest.NewGraph(t)
	if err := g.Start(l.Source(sourcetest.Settings{UntilEnd: true, MaxBatch: 2})).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := texts(sourcetest.Got(g.Lanes(), 0)); got != "0 1 2 3 4" {
		t.Errorf("got %q", got)
	}
	at := int64(0)
	for _, p := range g.Lanes()[0].Pushes {
		if p.Span.From != at {
			t.Errorf("span %v begins after %d", p.Span, at)
		}
		at = p.Span.To
	}
	if at != last {
		t.Errorf("the spans end at %d, the log at %d", at, last)
	}

	tx.end(t, kgo.TryCommit)
	settled(t, l)
	g = sourcetest.NewGraph(t)
	if err := g.Start(l.Source(sourcetest.Settings{UntilEnd: true})).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := texts(sourcetest.Got(g.Lanes(), 0)); got != "open 6" {
		t.Errorf("then %q", got)
	}
}

type tx struct {
	*kgo.Client
	topic string
}

func transactional(t *testing.T, l *topic) *tx {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(l.brokers...), kgo.TransactionalID("tx-"+l.topic), kgo.DefaultProduceTopic(l.topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &tx{client, l.topic}
}

func (x *tx) write(t *testing.T, texts ...string) {
	t.Helper()
	if err := x.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for _, s := range texts {
		if err := x.ProduceSync(t.Context(), kgo.StringRecord(s)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func (x *tx) end(t *testing.T, how kgo.TransactionEndTry) {
	t.Helper()
	if err := x.EndTransaction(t.Context(), how); err != nil {
		t.Fatal(err)
	}
}

// settled is the end of partition 0 once its transactions have their markers,
// which brokers write after they have said that a transaction ended.
func settled(t *testing.T, l *topic) int64 {
	t.Helper()
	for {
		stable, err := l.admin.ListCommittedOffsets(t.Context(), l.topic)
		if err != nil {
			t.Fatal(err)
		}
		ends, err := l.admin.ListEndOffsets(t.Context(), l.topic)
		if err != nil {
			t.Fatal(err)
		}
		if stable[l.topic][0].Offset == ends[l.topic][0].Offset {
			return ends[l.topic][0].Offset
		}
	}
}

// Retention that overtakes a full lane is noticed when the lane goes on.
func TestRetentionThatOvertakesALaneIsAnErrorWithItsFacts(t *testing.T) {
	l := newLog(t, embedded(t).Brokers(), 1, true)
	l.Append(t, 0, values(0, 10)...)
	g := sourcetest.NewGraph(t)
	g.Full = func(*sourcetest.Lane) bool { return true }
	run := g.Start(l.Source(sourcetest.Settings{}))
	lanes := g.Await("a full lane", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 10 })
	l.Append(t, 0, values(10, 30)...)
	l.Trim(t, 0, 25)
	lanes[0].Ready()
	var gap *pipeline.DataLossError
	if err := run.Wait(); !errors.As(err, &gap) || gap.Want != 10 || gap.Earliest != 25 || gap.Latest != 30 {
		t.Fatalf("%v: %+v", err, gap)
	}
}

func TestTopicRecreatedWhileItIsReadStops(t *testing.T) {
	t.Parallel() // the client takes its time to be sure
	c := embedded(t)
	l := newLog(t, c.Brokers(), 1, true)
	l.Append(t, 0, values(0, 10)...)
	g := sourcetest.NewGraph(t)
	run := g.Start(l.Source(sourcetest.Settings{}))
	lanes := g.Await("records", func(lanes []sourcetest.Lane) bool { return len(sourcetest.Got(lanes, 0)) == 10 })
	recreate(t, c, l.topic)
	l.Append(t, 0, values(10, 30)...)
	var again *kafka.RecreatedError
	if err := run.Wait(); !errors.As(err, &again) || again.Was != lanes[0].TopicID || again.Now == "" || again.Now == again.Was {
		t.Fatal(err)
	}
	if got := texts(sourcetest.Got(g.Lanes(), 0)); got != texts(values(0, 10)) {
		t.Errorf("of the new topic came %q", got)
	}
}
