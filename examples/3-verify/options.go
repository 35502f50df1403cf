package main

import (
	"flag"
	"fmt"
	"time"

	"github.com/tandemdata/tandem/examples/flags"
)

// options are the flags.
type options struct {
	name, key, eventTime, order, schema string
	version                             int
	ttl                                 time.Duration
	evolve                              bool

	cassandra, keyspace, sqlite string
	warehouse                   string

	brokers, topic string
	epoch          int

	memory  mebibytes
	scratch string
	rate    int
	share   float64
	keys    string
	settle  time.Duration

	repair, yes bool
	most        float64
	audit       string

	json              bool
	kafkaSecurity     flags.Kafka
	cassandraSecurity flags.Cassandra
}

// mebibytes is a size.
type mebibytes int64

func (m mebibytes) bytes() int64 { return int64(m) << 20 }

func parse(args []string) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("3-verify", flag.ContinueOnError)
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
	fs.StringVar(&o.name, "name", "", "the feature group's name; tables are <name>_<version>")
	fs.IntVar(&o.version, "version", 1, "the feature group's version")
	fs.StringVar(&o.key, "key", "", "primary-key columns, a,b,…")
	fs.StringVar(&o.eventTime, "event-time", "", "the column that says when a row was true (default: none)")
	fs.StringVar(&o.order, "order", "log", "which row of a key is the newest: log or event-time")
	fs.StringVar(&o.schema, "schema", "", "file of the rows' Avro schema")
	fs.DurationVar(&o.ttl, "ttl", 0, "how long a row lives online (default: for ever)")
	fs.BoolVar(&o.evolve, "evolve", false, "the tables may have columns that the schema lacks")

	fs.StringVar(&o.cassandra, "cassandra", "", "online store: Cassandra's addresses, host[:port],…")
	fs.StringVar(&o.keyspace, "keyspace", "", "Cassandra's keyspace")
	fs.StringVar(&o.sqlite, "sqlite", "", "online store: an SQLite file, in place of -cassandra")
	fs.StringVar(&o.warehouse, "warehouse", "", "offline store: the directory of catalog.db")

	fs.StringVar(&o.brokers, "brokers", "", "Kafka's addresses, host:port,…: its log says what a key that is absent from Cassandra was waiting for (default: -settle does)")
	fs.StringVar(&o.topic, "topic", "", "with -brokers: the topic of feature rows")
	fs.IntVar(&o.epoch, "epoch", 0, "with -brokers: which life of the topic")

	o.memory = 256
	fs.Int64Var((*int64)(&o.memory), "memory", 256, "MiB that rows take in memory at most")
	fs.StringVar(&o.scratch, "scratch", "", "directory of scratch files (default: the system's for temporary files)")
	fs.IntVar(&o.rate, "rate", 0, "rows a second read of each store at most (default: no bound)")
	fs.Float64Var(&o.share, "sample", 1, "share of the keys that are compared, picked at random")
	fs.StringVar(&o.keys, "keys", "", "file of the only keys that are compared, one a line: a JSON array of the key's columns, or the value of the one column")
	fs.DurationVar(&o.settle, "settle", 30*time.Second, "how long a key that is absent from Cassandra may wait for a delete that isn't offline yet")

	fs.BoolVar(&o.repair, "repair", false, "say what would have the online store hold what the offline table says; with -yes, do it")
	fs.BoolVar(&o.yes, "yes", false, "with -repair: do it")
	fs.Float64Var(&o.most, "most", 0.01, "with -repair: the share of the keys above which nothing is repaired")
	fs.StringVar(&o.audit, "audit", "tandem-repair.jsonl", "with -repair: the file to which each fault and what was done are added")

	fs.BoolVar(&o.json, "json", false, "write the verdict as one JSON object on the last line of standard output")
	o.kafkaSecurity.Declare(fs)
	o.cassandraSecurity.Declare(fs)
}

// check is for what the stores can't see.
func (o *options) check() error {
	switch {
	case (o.cassandra == "") == (o.sqlite == ""):
		return fmt.Errorf("want one online store: -cassandra with -keyspace, or -sqlite")
	case o.schema == "":
		return fmt.Errorf("-schema is missing: the file of the rows' Avro schema")
	case (o.brokers == "") != (o.topic == ""):
		return fmt.Errorf("-brokers and -topic need each other")
	case o.memory < 16:
		return fmt.Errorf("-memory %d: want 16 MiB or more", o.memory)
	case o.yes && !o.repair:
		return fmt.Errorf("-yes is for -repair")
	case o.share <= 0:
		return fmt.Errorf("-sample %v: want a share above 0", o.share)
	}
	return nil
}
