package main

import (
	"fmt"
	"os"

	"github.com/tandemdata/tandem/examples/flags"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/insync"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/kafka"
	"github.com/tandemdata/tandem/stages"
)

func (o *options) verify() (v insync.Verify, err error) {
	v = insync.Verify{
		Offline: &parquet.Sink{Warehouse: o.warehouse}, Memory: o.memory.bytes() / 2, Scratch: o.scratch,
		Rate: o.rate, Share: o.share, Settle: o.settle,
	}
	if v.Schema, err = o.group(); err != nil {
		return v, err
	}
	if v.Online, err = o.online(); err != nil {
		return v, err
	}
	if v.Keys, err = readKeys(o.keys, v.Schema); err != nil {
		return v, fmt.Errorf("-keys: %w", err)
	}
	if o.brokers == "" {
		return v, nil
	}
	secure, err := o.kafkaSecurity.Load()
	if err != nil {
		return v, err
	}
	v.Ends = kafka.Source{Brokers: flags.List(o.brokers), Topic: o.topic, Epoch: int32(o.epoch), TLS: secure.TLS, SASL: secure.SASL}.Ends
	return v, nil
}

// group is the feature group and its columns.
func (o *options) group() (*feature.Schema, error) {
	order, err := feature.ParseOrder(o.order)
	if err != nil {
		return nil, fmt.Errorf("-order: %w", err)
	}
	text, err := os.ReadFile(o.schema)
	if err != nil {
		return nil, fmt.Errorf("-schema: %w", err)
	}
	group := feature.Group{
		Name: o.name, Version: o.version, PrimaryKey: flags.List(o.key), EventTime: o.eventTime, Order: order,
		Keys: feature.KeysMove, TTL: o.ttl, Evolve: o.evolve,
	}
	if order == feature.ByLog {
		group.Keys = feature.KeysStay
	}
	return stages.Decode{Group: group, Schema: string(text)}.Describe(nil)
}

func (o *options) online() (pipeline.KeyReader, error) {
	if o.sqlite != "" {
		return &sqlite.Sink{File: o.sqlite}, nil
	}
	sink := &cassandra.Sink{Hosts: flags.List(o.cassandra), Keyspace: o.keyspace}
	return sink, o.cassandraSecurity.Apply(sink)
}
