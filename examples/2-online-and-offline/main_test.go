package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/internal/icescan"
	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/insync"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/kafkatest"
	"github.com/tandemdata/tandem/stages"
)

const partitions = 4

// fixture is a topic, a warehouse and the model of what belongs in the stores.
type fixture struct {
	*testing.T
	brokers []string
	topic   string
	dir     string
	schema  *feature.Schema
	model   *model
	log     *avrorow.Generator
	next    [partitions]int64
	frame   func(body []byte) []byte // nil: none
	wrap    func(key []byte) []byte  // nil: keys are as they are
}

func newFixture(t *testing.T, brokers []string) *fixture {
	g := avrorow.Group()
	g.Order = feature.ByEventTime
	schema, err := stages.Decode{Group: g, Schema: avrorow.Schema}.Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{T: t, brokers: brokers, dir: t.TempDir(), schema: schema, model: newModel(t, schema)}
	f.topic = fmt.Sprintf("rows_%d", time.Now().UnixNano())
	f.log = avrorow.Log{Seed: 7, Keys: 500, Late: 0.05, Duplicate: 0.05, Delete: 0.01, Undecodable: 0.002}.Open()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for topic, n := range map[string]int32{f.topic: partitions, f.topic + ".dead": 1} {
		if _, err := kadm.NewClient(client).CreateTopic(t.Context(), n, 1, nil, topic); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(f.file("rows.avsc"), []byte(avrorow.Schema), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) file(name string) string { return filepath.Join(f.dir, name) }

// produce writes n records more, and replays them in the model.
func (f *fixture) produce(n int) {
	f.Helper()
	var list []*kgo.Record
	for _, r := range f.log.Records(n) {
		h := fnv.New32a()
		_, _ = h.Write(r.Key)
		p, value := int32(h.Sum32()%partitions), r.Value
		if f.frame != nil && value != nil {
			value = f.frame(value)
		}
		key := r.Key
		if f.wrap != nil {
			key = f.wrap(key)
		}
		list = append(list, &kgo.Record{Topic: f.topic, Partition: p, Key: key, Value: value, Timestamp: time.UnixMilli(r.Timestamp)})
		r.Offset = f.next[p]
		f.next[p]++
		f.model.add(p, r)
	}
	if err := kafkatest.Produce(f.Context(), f.brokers, list...); err != nil {
		f.Fatal(err)
	}
}

// ledger is what -json writes.
type ledger struct {
	Read    int64                                  `json:"read"`
	Sinks   map[string]map[string]int64            `json:"sinks"`
	Reasons map[string]map[string]map[string]int64 `json:"reasons"`
}

// run runs the command to the end of the log.
func (f *fixture) run(flags ...string) ledger {
	f.Helper()
	l, err := f.try(flags...)
	if err != nil {
		f.Fatal(err)
	}
	return l
}

// try is run where the command may fail.
func (f *fixture) try(flags ...string) (l ledger, err error) {
	f.Helper()
	args := append([]string{
		"-brokers", f.brokers[0], "-topic", f.topic, "-group", f.topic, "-name", "entities", "-key", "entity_id",
		"-event-time", "event_time", "-order", "event-time", "-keys", "stay", "-schema", f.file("rows.avsc"), "-warehouse", f.file("warehouse"),
		"-commit-every", "500ms", "-dead-letter-topic", f.topic + ".dead", "-until-end", "-json",
	}, flags...)
	ctx, cancel := context.WithTimeout(f.Context(), 3*time.Minute)
	defer cancel()
	var out bytes.Buffer
	if err := run(ctx, args, &out); err != nil {
		return l, err
	}
	if err := json.Unmarshal(out.Bytes(), &l); err != nil {
		f.Fatalf("%q: %v", out.String(), err)
	}
	for name, s := range l.Sinks {
		sum := int64(0)
		for _, n := range s {
			sum += n
		}
		if sum != l.Read {
			f.Errorf("%s: %v doesn't add up to %d", name, s, l.Read)
		}
	}
	return l, nil
}

// holds compares a store with the model, row by row and both ways.
func (f *fixture) holds(store string, rows iter.Seq2[feature.Stored, error], want map[string]feature.Stored, id func(feature.Stored) string) {
	f.Helper()
	seen := map[string]bool{}
	for got, err := range rows {
		if err != nil {
			f.Fatal(err)
		}
		key := id(got)
		w, ok := want[key]
		if !ok || seen[key] {
			f.Fatalf("%s: %s is there as %+v (before: %v), want %+v", store, key, got.Version, seen[key], w.Version)
		}
		seen[key] = true
		// Of several identical rows any may be the one that is kept, but all of
		// a row is from the record that it names.
		v := got.Version
		if from := f.model.sent[[2]int64{int64(v.Partition), v.Offset}]; !equal(got, from) || !equal(got, w) {
			f.Fatalf("%s: %s is\n%v, its record is\n%v, the greatest is\n%v", store, key, got, from, w)
		}
	}
	for key, w := range want {
		if !seen[key] && (store == "offline" || !w.Version.Delete) {
			f.Fatalf("%s: %s is missing: %+v", store, key, w.Version)
		}
	}
}

func (f *fixture) key(s feature.Stored) string { return fmt.Sprint(s.Values[f.schema.Keys()[0]]) }

// scanner is an online store that can be read back.
type scanner interface {
	Scan(context.Context, *feature.Schema) iter.Seq2[feature.Stored, error]
}

// compare holds both stores against the model and against each other.
func (f *fixture) compare(online scanner) {
	f.Helper()
	live := map[string]feature.Stored{}
	for k, s := range f.model.online {
		if !s.Version.Delete {
			live[k] = s
		}
	}
	ctx, offline := f.Context(), icescan.Table{Warehouse: f.file("warehouse")}
	f.holds("online", online.Scan(ctx, f.schema), live, f.key)
	f.holds("offline", offline.Scan(ctx, f.schema), f.model.offline, func(s feature.Stored) string {
		return fmt.Sprint(f.key(s), "@", s.Version.Time)
	})
	report, err := insync.Compare(ctx, f.schema, online.Scan(ctx, f.schema), offline.Scan(ctx, f.schema))
	if err != nil || !report.OK() {
		f.Fatalf("%v, %v", report, err)
	}
}

func TestRealKafkaAndCassandraHoldWhatTheLogSays(t *testing.T) {
	host := servers.Cassandra(t)
	f := newFixture(t, servers.Kafka(t))
	keyspace := fmt.Sprintf("t%d", time.Now().UnixNano())
	store := []string{"-cassandra", host, "-keyspace", keyspace}
	f.goesOn(&cassandra.Sink{Hosts: []string{host}, Keyspace: keyspace}, store...)
}

func TestTheEmbeddedStoresHoldWhatTheLogSays(t *testing.T) {
	cluster, err := kafkatest.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	f := newFixture(t, cluster.Brokers())
	f.goesOn(&sqlite.Sink{File: f.file("online.db")}, "-sqlite", f.file("online.db"))
}

// goesOn runs to the end of the log twice: the second run begins where the
// first one ended.
func (f *fixture) goesOn(online scanner, store ...string) {
	f.Helper()
	f.produce(12_000)
	first := f.run(append(store, "-tag", "first")...)
	pinned := len(f.model.offline)
	if first.Read != f.model.read {
		f.Errorf("read %d, want %d", first.Read, f.model.read)
	}
	f.compare(online)

	f.produce(8_000)
	second := f.run(store...)
	if first.Read+second.Read != f.model.read {
		f.Errorf("read %d and %d, want %d in all", first.Read, second.Read, f.model.read)
	}
	f.compare(online)
	n := 0
	for _, err := range (icescan.Table{Warehouse: f.file("warehouse"), Ref: "first"}).Scan(f.Context(), f.schema) {
		if err != nil {
			f.Fatal(err)
		}
		n++
	}
	if n != pinned {
		f.Errorf("%d rows are pinned, want the %d of the first run", n, pinned)
	}
	if dead := first.Sinks["offline"]["dead"] + second.Sinks["offline"]["dead"]; dead != f.model.dead || dead == 0 {
		f.Errorf("%d dead letters, want %d", dead, f.model.dead)
	}
}
