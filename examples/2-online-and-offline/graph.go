package main

import (
	"context"
	"fmt"
	"os"

	"github.com/tandemdata/tandem/examples/flags"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/stages"
)

// graph wires the topology. What release lets go of is the dead letters' connection.
func (o *options) graph() (g *pipeline.Graph, release func(), err error) {
	source, err := o.source()
	if err != nil {
		return nil, nil, err
	}
	decode, err := o.decode()
	if err != nil {
		return nil, nil, err
	}
	online, err := o.online()
	if err != nil {
		return nil, nil, err
	}
	g = pipeline.New(o.name)
	release, err = o.rejectTo(g)
	if err != nil {
		return nil, nil, err
	}

	records := pipeline.From(g, "kafka", source)
	rows := pipeline.Via(records, "decode", decode)
	switch {
	case !decode.Group.KeysStay() && o.keys == "":
		fmt.Fprintln(os.Stderr, "tandem: no duplicates are dropped: rows of a key may lie in several partitions, unless -keys stay says that they don't (-keys move ends this warning)")
	case decode.Group.KeysStay():
		rows = pipeline.Via(rows, "dedup", stages.Dedup{})
	}
	ordered := pipeline.Via(rows, "order-guard", stages.OrderGuard{})
	// A lane has one request to the store in flight: what comes meanwhile goes with the next.
	toOnline := pipeline.To(pipeline.Via(ordered, "gather", stages.Batch{}), "online", online)
	batches := pipeline.Via(ordered, "batch", stages.Batch{})
	toOffline := pipeline.To(batches, "offline", o.offline())
	pipeline.Join(g, "commit", stages.Commit{}, toOnline, toOffline)
	return g, release, nil
}

func (o *options) source() (kafka.Source, error) {
	from, err := o.begin()
	if err != nil {
		return kafka.Source{}, err
	}
	secure, err := o.kafkaSecurity.Load()
	if err != nil {
		return kafka.Source{}, err
	}
	return kafka.Source{
		Brokers: flags.List(o.brokers), Topic: o.topic, ConsumerGroup: o.group,
		From: from, Epoch: int32(o.epoch), UntilEnd: o.untilEnd,
		TLS: secure.TLS, SASL: secure.SASL,
	}, nil
}

func (o *options) online() (pipeline.Sink, error) {
	if o.sqlite != "" {
		return &sqlite.Sink{File: o.sqlite}, nil
	}
	sink := &cassandra.Sink{Hosts: flags.List(o.cassandra), Keyspace: o.keyspace, Create: true}
	return sink, o.cassandraSecurity.Apply(sink)
}

func (o *options) offline() *parquet.Sink {
	sink := &parquet.Sink{
		Warehouse: o.warehouse, CommitEvery: o.commitEvery, CommitRows: o.commitRows, Retain: o.retain, Partition: o.partition,
	}
	if !o.maintain {
		sink.Maintain = parquet.MaintainOff
	}
	if o.retain == 0 {
		sink.Retain = -1
	}
	return sink
}

// pin tags the offline store where that was asked for.
func (o *options) pin(ctx context.Context) error {
	if o.tag == "" {
		return nil
	}
	decode, err := o.decode()
	if err != nil {
		return err
	}
	schema, err := decode.Describe(nil)
	if err != nil {
		return err
	}
	return o.offline().Tag(ctx, schema, o.tag)
}
