package pipelinetest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/sources/kafkatest"
)

// broken logs, end to end: what becomes of the stores.
var logFaults = map[string]func(*kafkaWorld){
	"transactions and twins":                      (*kafkaWorld).transactions,
	"the group goes back to an older offset":      (*kafkaWorld).groupRewound,
	"retention takes what was not read":           (*kafkaWorld).retention,
	"a topic is compacted by log":                 (*kafkaWorld).compacted,
	"a topic is compacted by event time":          (*kafkaWorld).compacted,
	"a topic is recreated":                        (*kafkaWorld).recreated,
	"partitions are added by log":                 (*kafkaWorld).grownByLog,
	"partitions are added by event time, mid-run": (*kafkaWorld).grownByEventTime,
}

func TestWhateverHappensToTheLog(t *testing.T) {
	whateverHappens(t, embedded(t, kfake.BrokerConfigs(map[string]string{cleanerPause: "50"})))
}

func TestWhateverHappensToTheLogOnRealKafka(t *testing.T) { whateverHappens(t, servers.Kafka(t)) }

func whateverHappens(t *testing.T, brokers []string) {
	for name, happens := range logFaults {
		t.Run(name, func(t *testing.T) {
			order, keys := feature.ByLog, feature.KeysStay
			if strings.Contains(name, "by event time") {
				order, keys = feature.ByEventTime, feature.KeysMove
			}
			happens(newKafkaWorld(t, brokers, order, keys))
		})
	}
}

// kafkaWorld is a world whose topic is Kafka's.
type kafkaWorld struct {
	*world
	brokers []string
	name    string
	client  *kgo.Client
	admin   *kadm.Client
	config  config
}

func newKafkaWorld(t *testing.T, brokers []string, o feature.Order, keys feature.Placement) *kafkaWorld {
	t.Helper()
	seed := seeds(t, 1)[0]
	c := config{MaxBatch: 50, Dedup: 20, Guard: 20, CommitRows: 100, ToFile: 1000, CommitEvery: 20 * time.Millisecond}
	online, offline := onDisk(t, c)
	w := &kafkaWorld{world: newWorldOf(t, seed, o, keys, online, offline), name: fmt.Sprintf("log_%d", time.Now().UnixNano()), config: c}
	w.connect(brokers)
	w.create(w.partitions)
	return w
}

func (w *kafkaWorld) connect(brokers []string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.TransactionalID(w.name), kgo.MetadataMinAge(10*time.Millisecond),
		kgo.UnknownTopicRetries(-1)) // brokers learn of a topic one after the other
	w.must(err)
	w.Cleanup(client.Close)
	w.brokers, w.client, w.admin = brokers, client, kadm.NewClient(client)
}

func (w *kafkaWorld) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *kafkaWorld) create(partitions int) {
	forEver := map[string]*string{"retention.ms": kadm.StringPtr("-1")} // its rows are of 1970
	_, err := w.admin.CreateTopic(context.Background(), int32(partitions), 1, forEver, w.name)
	w.must(err)
}

// produce sends n records in a transaction, and tells the log of them if it commits.
func (w *kafkaWorld) produce(n int, how kgo.TransactionEndTry) {
	w.Helper()
	w.must(w.client.BeginTransaction())
	var rows []pipelinetest.Row
	for range n {
		p, key := w.someKey()
		row, rec := w.row(p, key, int64(w.rand.IntN(w.times)), w.rand.IntN(100))
		row.Topic = w.name
		for range 1 + w.rand.IntN(2) { // now and then twice
			r, err := w.client.ProduceSync(context.Background(), w.record(row, rec)).First()
			w.must(err)
			row.Offset = r.Offset
			rows = append(rows, row)
		}
	}
	w.end(how)
	if how == kgo.TryCommit {
		w.sent.Add(rows...)
	}
}

// end ends a transaction, and returns once its markers are written, which brokers
// do after they have said that it ended: a bounded run would stop before it.
func (w *kafkaWorld) end(how kgo.TransactionEndTry) {
	w.Helper()
	w.must(w.client.EndTransaction(context.Background(), how))
	for {
		stable, err := w.admin.ListCommittedOffsets(context.Background(), w.name)
		w.must(err)
		ends, err := w.admin.ListEndOffsets(context.Background(), w.name)
		w.must(err)
		open := 0
		for p, o := range ends[w.name] {
			if stable[w.name][p].Offset != o.Offset {
				open++
			}
		}
		if open == 0 {
			return
		}
	}
}

func (w *kafkaWorld) record(row pipelinetest.Row, rec feature.Record) *kgo.Record {
	return &kgo.Record{Topic: w.name, Partition: row.Partition, Key: rec.Key, Value: rec.Value, Timestamp: time.UnixMilli(rec.Timestamp)}
}

func (w *kafkaWorld) source() kafka.Source {
	return kafka.Source{Brokers: w.brokers, Topic: w.name, Epoch: w.epoch, UntilEnd: true, MaxBatch: 50}
}

func (w *kafkaWorld) read(s kafka.Source) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return w.graph(w.config, w.trap(), s).Run(ctx)
}

// drains reads to the end, and then the stores are what the log makes of them.
func (w *kafkaWorld) drains(s kafka.Source) {
	w.Helper()
	w.must(w.read(s))
	o := w.oracle()
	o.Committed = nil
	w.must(o.Check(context.Background()))
}

func (w *kafkaWorld) transactions() {
	for range 3 {
		w.produce(40, kgo.TryCommit)
		w.produce(20, kgo.TryAbort)
	}
	w.drains(w.source())
	w.produce(20, kgo.TryAbort)
	w.drains(w.source())
}

// groupRewound: what the table says comes first, and the group follows it forward.
func (w *kafkaWorld) groupRewound() {
	s := w.source()
	s.ConsumerGroup = w.name
	w.produce(60, kgo.TryCommit)
	w.drains(s)
	back := kadm.Offsets{}
	for p := range w.partitions {
		back.AddOffset(w.name, int32(p), 3, -1)
	}
	w.must(w.admin.CommitAllOffsets(context.Background(), w.name, back))
	w.produce(30, kgo.TryCommit)
	w.drains(s)
	now, err := w.admin.FetchOffsets(context.Background(), w.name)
	w.must(err)
	for p, o := range now[w.name] {
		held, _, err := w.keeper.Progress(context.Background(), w.name, p)
		if w.must(err); o.At != held.Counted {
			w.Errorf("partition %d: the group is at %d, the table at %d", p, o.At, held.Counted)
		}
	}
}

func (w *kafkaWorld) retention() {
	w.produce(60, kgo.TryCommit)
	w.drains(w.source())
	was, _, err := w.keeper.Progress(context.Background(), w.name, 0)
	w.must(err)
	w.produce(60, kgo.TryCommit)
	gap := feature.Span{From: was.Counted, To: was.Counted + 10}
	trim := kadm.Offsets{}
	trim.AddOffset(w.name, 0, gap.To, -1)
	r, err := w.admin.DeleteRecords(context.Background(), trim)
	w.must(errors.Join(err, r.Error()))

	var loss *pipeline.DataLossError
	if err := w.read(w.source()); !errors.As(err, &loss) || loss.Want != gap.From || loss.Earliest != gap.To {
		w.Fatalf("%+v: %v", loss, err)
	}
	s := w.source()
	s.SkipLost = true
	w.sent.Lose(feature.TopicPartition{Topic: w.name}, gap)
	for range 2 { // the second has nothing to read, and keeps it
		w.drains(s)
		is, _, err := w.keeper.Progress(context.Background(), w.name, 0)
		if w.must(err); len(is.Gaps) != 1 || is.Gaps[0] != gap {
			w.Fatalf("the table holds the gaps %v, want %v", is.Gaps, gap)
		}
	}
}

func (w *kafkaWorld) recreated() {
	w.produce(60, kgo.TryCommit)
	w.drains(w.source())
	_, err := w.admin.DeleteTopic(context.Background(), w.name)
	w.must(err)
	w.createAgain()
	w.newLife()
}

// createAgain creates the topic once the brokers have let go of the name.
func (w *kafkaWorld) createAgain() {
	for deadline := time.Now().Add(20 * time.Second); ; {
		_, err := w.admin.CreateTopic(context.Background(), int32(w.partitions), 1, map[string]*string{"retention.ms": kadm.StringPtr("-1")}, w.name)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.Fatal(err)
		}
	}
}

// newLife: the offsets of another topic of the name are not taken for those that
// were read; once the epoch is raised, its rows are the newer ones.
func (w *kafkaWorld) newLife() {
	w.epoch++
	w.connect(w.brokers)         // its producer ids are of the life before
	w.produce(20, kgo.TryCommit) // fewer than were read
	s := w.source()
	s.Epoch--
	var again *kafka.RecreatedError
	if err := w.read(s); !errors.As(err, &again) || again.Now == again.Was {
		w.Fatalf("rows of another topic were taken for duplicates: %v", err)
	}
	w.drains(w.source())
}

func TestARecreatedClusterIsNoticed(t *testing.T) {
	w := newKafkaWorld(t, embedded(t), feature.ByLog, feature.KeysStay)
	w.produce(60, kgo.TryCommit)
	w.drains(w.source())
	w.connect(embedded(t))
	w.create(w.partitions)
	w.newLife()
}

func embedded(t *testing.T, opts ...kfake.Opt) []string {
	c, err := kafkatest.Start(nil, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.Brokers()
}

// grow adds a partition, after which keys lie elsewhere.
func (w *kafkaWorld) grow() {
	w.partitions++
	r, err := w.admin.CreatePartitions(context.Background(), 1, w.name)
	w.must(errors.Join(err, r.Error()))
	for w.client.PurgeTopicsFromClient(w.name); ; { // the producer has to hear of it
		d, err := w.admin.ListTopics(context.Background(), w.name)
		if w.must(err); len(d[w.name].Partitions) == w.partitions {
			return
		}
	}
}

func (w *kafkaWorld) grownByLog() {
	w.produce(60, kgo.TryCommit)
	w.drains(w.source())
	w.grow()
	w.epoch++
	w.produce(60, kgo.TryCommit)
	s := w.source()
	s.Epoch--
	var grown *kafka.PartitionsError
	if err := w.read(s); !errors.As(err, &grown) || int(grown.Now) != w.partitions {
		w.Fatal(err)
	}
	w.drains(w.source())
	w.drains(w.source())
}

func (w *kafkaWorld) grownByEventTime() {
	s := w.source()
	s.UntilEnd, s.ConsumerGroup = false, w.name
	w.produce(60, kgo.TryCommit)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- w.graph(w.config, w.trap(), s).Run(ctx) }()
	w.reading()
	w.grow()
	w.produce(60, kgo.TryCommit)
	cancel() // wherever it has got to
	w.must(<-done)
	w.drains(w.source())
}

// reading returns once the table has rows of every partition.
func (w *kafkaWorld) reading() {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	late := time.After(time.Minute)
	for p := 0; p < w.partitions; {
		held, _, err := w.keeper.Progress(context.Background(), w.name, int32(p))
		if w.must(err); held.Sinks["offline"].Next > 0 {
			p++
			continue
		}
		select {
		case <-look.C:
		case <-late:
			w.Fatalf("partition %d is not read", p)
		}
	}
}
