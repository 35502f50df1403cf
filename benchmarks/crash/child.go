package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/stages"
)

// Child is the first thing that the main function of a binary calls which starts children. In a child it does the job
// and doesn't return. An interrupt drains.
//
// The taps, if any, are put on the child's offline sink, for points that lie inside it.
func Child(taps ...func(*parquet.Sink, *Fault)) {
	text := os.Getenv(jobVariable)
	if text == "" {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	j, err := decodeJob(text)
	if err == nil {
		err = j.do(ctx, taps)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (j *Job) do(ctx context.Context, taps []func(*parquet.Sink, *Fault)) error {
	offline := &parquet.Sink{Warehouse: j.Warehouse, CommitEvery: j.CommitEvery}
	for _, put := range taps {
		put(offline, &j.Fault)
	}
	dedup := &deduped{}
	g := j.graph(offline, dedup)
	if err := g.Run(ctx); err != nil {
		return err
	}
	j.Fault.Reached(Finished)
	for name, t := range g.Ledger().Sinks {
		if !t.Balanced() {
			return fmt.Errorf("the ledger of %q doesn't add up: %+v", name, t)
		}
	}
	if j.Keys == feature.KeysStay && dedup.none() {
		return fmt.Errorf("of %d rows Dedup dropped none, though 1 in 20 was sent again", dedup.read.Load())
	}
	if ctx.Err() != nil && j.UntilEnd {
		return errors.New("interrupted before the end")
	}
	return nil
}

func (j *Job) graph(offline *parquet.Sink, dedup *deduped) *pipeline.Graph {
	f := &j.Fault
	g := pipeline.New("crash")
	records := pipeline.Via(pipeline.From(g, "kafka", j.source()), "polled", tap[feature.Records]{f, Polled})
	rows := pipeline.Via(records, "decode", stages.Decode{Group: group(j.Order, j.Keys), Schema: avrorow.Schema})
	decoded := pipeline.Via(rows, "decoded", tap[*feature.Rows]{f, Decoded})
	fresh := pipeline.Via(decoded, "dedup", stages.Dedup{OffsetsOnly: j.Keys == feature.KeysMove})
	fresh = pipeline.Via(fresh, "deduped", dedup)
	ordered := pipeline.Via(fresh, "order-guard", stages.OrderGuard{})
	online := &cassandra.Sink{Hosts: []string{j.Cassandra}, Keyspace: j.Keyspace, Create: true}
	toOnline := pipeline.To(ordered, "online", &tapped{Sink: online, fault: f, half: OnlineHalf, done: OnlineDone})
	batches := pipeline.Via(ordered, "batch", stages.Batch{})
	toOffline := pipeline.To(batches, "offline", &tapped{Sink: offline, fault: f, half: FileHalf, done: Committed})
	pipeline.Join(g, "commit", stages.Commit{}, toOnline, toOffline)
	return g
}

func (j *Job) source() kafka.Source {
	return kafka.Source{
		Brokers: []string{j.Broker}, Topic: j.Topic, ConsumerGroup: j.Group, InstanceID: j.Member, UntilEnd: j.UntilEnd,
		SessionTimeout: j.Session, RebalanceTimeout: 2 * j.Session,
		MaxBatch: 100, // so that a batch ends here and there
	}
}

func group(o feature.Order, keys feature.Placement) feature.Group {
	g := avrorow.Group()
	g.Order, g.Keys = o, keys
	return g
}
