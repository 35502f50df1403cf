package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/tandemdata/tandem/examples/flags"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sources/kafka"
)

// options are the flags.
type options struct {
	brokers, topic, group string
	from                  string
	epoch                 int
	untilEnd              bool
	deadLetters           string

	name, key, eventTime, order string
	version                     int
	ttl                         time.Duration
	evolve, onePartition        bool
	keys                        string
	format, schema, keySchema   string
	schemas, incompatible       string
	featureGroupID              int
	subjects                    subjects

	cassandra, keyspace, sqlite string
	warehouse                   string
	commitEvery                 time.Duration
	commitRows                  int
	maintain                    bool
	retain                      time.Duration
	tag                         string
	partition                   string

	json              bool
	kafkaSecurity     flags.Kafka
	cassandraSecurity flags.Cassandra
	schemaRegistry
}

func parse(args []string) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("2-online-and-offline", flag.ContinueOnError)
	o.declare(fs)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("%q is not a flag", fs.Arg(0))
	}
	return o, o.check()
}

func (o *options) declare(fs *flag.FlagSet) {
	fs.StringVar(&o.brokers, "brokers", "", "Kafka's addresses, host:port,…")
	fs.StringVar(&o.topic, "topic", "", "the topic of feature rows")
	fs.StringVar(&o.group, "group", "", "consumer group: shares the partitions among processes (default: this process reads all)")
	fs.StringVar(&o.from, "from", "earliest", "where a partition begins that neither store knows: earliest, latest, or a time (RFC 3339 or milliseconds)")
	fs.IntVar(&o.epoch, "epoch", 0, "which life of the topic; raise it when the topic was recreated")
	fs.BoolVar(&o.untilEnd, "until-end", false, "stop once what was in the topic at the start is durable in both stores")
	fs.StringVar(&o.deadLetters, "dead-letter-topic", "", "where records go that can't become rows (default: the first one stops the run)")

	fs.StringVar(&o.name, "name", "", "the feature group's name; tables are <name>_<version>")
	fs.IntVar(&o.version, "version", 1, "the feature group's version")
	fs.StringVar(&o.key, "key", "", "primary-key columns, a,b,…")
	fs.StringVar(&o.eventTime, "event-time", "", "the column that says when a row was true (default: none)")
	fs.StringVar(&o.order, "order", "log", "which row of a key is the newest: log or event-time")
	fs.DurationVar(&o.ttl, "ttl", 0, "how long a row lives online (default: for ever)")
	fs.BoolVar(&o.evolve, "evolve", false, "a field that a writer's schema adds, nullable or with a default, becomes a column of both stores")
	fs.StringVar(&o.keys, "keys", "", "where rows of a key lie: stay (in one partition: rows that change nothing don't get to the stores, and a key in two stops the run) or move (in any: none can be dropped); by event time nobody can guess it, and move is assumed with a warning; by log they stay")
	fs.BoolVar(&o.onePartition, "one-partition", false, "short for -keys stay")
	fs.StringVar(&o.format, "format", "avro", "how a value is framed: avro (a bare body), confluent (a schema's id before it), single-object (its fingerprint) or hopsworks (a bare body, and headers)")
	fs.StringVar(&o.schema, "schema", "", "file of the rows' Avro schema; what another schema wrote is resolved to it")
	fs.StringVar(&o.schemas, "schemas", "", "with -format single-object: files of further schemas that wrote rows, a,b,…")
	fs.IntVar(&o.featureGroupID, "feature-group-id", 0, "with -format hopsworks: the one feature group whose records are taken (default: all)")
	fs.Var(&o.subjects, "subject", "with -format hopsworks: ID=FILE of a schema that wrote rows, or FILE for all other ids; repeatable (default: -schema wrote all)")
	fs.StringVar(&o.incompatible, "incompatible", "reject", "what becomes of rows whose schema doesn't resolve to -schema: reject (they are dead letters) or stop")
	fs.StringVar(&o.keySchema, "key-schema", "", "file of the record keys' Avro schema, for null values (default: the key is one string or bytes column as it is)")

	fs.StringVar(&o.cassandra, "cassandra", "", "online store: Cassandra's addresses, host[:port],…")
	fs.StringVar(&o.keyspace, "keyspace", "", "Cassandra's keyspace; made if it is missing")
	fs.StringVar(&o.sqlite, "sqlite", "", "online store: an SQLite file, in place of -cassandra")
	fs.StringVar(&o.warehouse, "warehouse", "", "offline store: a directory; the Iceberg table is features.<name>_<version>, its catalog catalog.db")
	fs.DurationVar(&o.commitEvery, "commit-every", 5*time.Second, "time between commits of the offline store")
	fs.IntVar(&o.commitRows, "commit-rows", 1_000_000, "rows after which the offline store commits earlier")
	fs.BoolVar(&o.maintain, "maintain", true, "compact the offline store's files meanwhile; -maintain=false leaves it to others")

	fs.DurationVar(&o.retain, "retain", 7*24*time.Hour, "how long tags of the offline store keep what it held at each day's end (hourly ones: a day at most); 0: no tags")
	fs.StringVar(&o.partition, "partition", "", "how a new table of the offline store is partitioned, by key columns and the event time, such as 'day(ts), bucket(16, user_id)' (default: not)")
	fs.StringVar(&o.tag, "tag", "", "once the run has ended, pin what the offline store holds under this name, for ever: a training set")

	fs.BoolVar(&o.json, "json", false, "write the ledger as one JSON object on the last line of standard output")
	o.kafkaSecurity.Declare(fs)
	o.cassandraSecurity.Declare(fs)
	o.schemaRegistry.declare(fs)
}

// check is for what no node can see; the rest is for the graph's own check.
func (o *options) check() error {
	switch {
	case (o.cassandra == "") == (o.sqlite == ""):
		return fmt.Errorf("want one online store: -cassandra with -keyspace, or -sqlite")
	case !slices.Contains([]string{"avro", "confluent", "single-object", "hopsworks"}, o.format):
		return fmt.Errorf("-format %q: want avro, confluent, single-object or hopsworks", o.format)
	case (o.format == "confluent") != (o.registry != ""):
		return fmt.Errorf("-format confluent and -registry need each other")
	case o.schemas != "" && o.format != "single-object":
		return fmt.Errorf("-schemas is for -format single-object")
	case (o.featureGroupID != 0 || len(o.subjects) > 0) && o.format != "hopsworks":
		return fmt.Errorf("-feature-group-id and -subject are for -format hopsworks")
	case o.incompatible != "reject" && o.incompatible != "stop":
		return fmt.Errorf("-incompatible %q: want reject or stop", o.incompatible)
	case o.onePartition && o.keys == "move":
		return fmt.Errorf("-one-partition and -keys move contradict each other")
	case o.keys != "" && o.keys != "stay" && o.keys != "move":
		return fmt.Errorf("-keys %q: want stay or move", o.keys)
	case o.schema == "":
		return fmt.Errorf("-schema is missing: the file of the rows' Avro schema")
	case o.retain < 0:
		return fmt.Errorf("-retain is negative")
	case o.commitEvery <= 0 || o.commitRows <= 0:
		return fmt.Errorf("-commit-every and -commit-rows must be positive")
	}
	return nil
}

func (o *options) featureGroup() (feature.Group, error) {
	order, err := feature.ParseOrder(o.order)
	return feature.Group{
		Name: o.name, Version: o.version, PrimaryKey: flags.List(o.key), EventTime: o.eventTime, Order: order, Keys: o.placement(order),
		TTL: o.ttl, Evolve: o.evolve,
	}, err
}

// placement is safe where nobody says it, and loud: graph warns.
func (o *options) placement(order feature.Order) feature.Placement {
	switch {
	case o.keys == "stay" || o.onePartition:
		return feature.KeysStay
	case o.keys == "move" || order == feature.ByEventTime:
		return feature.KeysMove
	}
	return feature.KeysStay
}

func (o *options) begin() (kafka.From, error) {
	switch o.from {
	case "earliest":
		return kafka.Earliest, nil
	case "latest":
		return kafka.Latest, nil
	}
	if ms, err := strconv.ParseInt(o.from, 10, 64); err == nil {
		return kafka.Since(time.UnixMilli(ms)), nil
	}
	t, err := time.Parse(time.RFC3339, o.from)
	if err != nil {
		return kafka.From{}, fmt.Errorf("-from %q: want earliest, latest, milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z", o.from)
	}
	return kafka.Since(t), nil
}

func read(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	return string(b), err
}
