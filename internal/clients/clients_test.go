// Package clients holds that rows written by clients that nobody here wrote
// arrive in every store value for value. It is a test only.
package clients

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/kafkatest"
	"github.com/tandemdata/tandem/stages"
	"github.com/tandemdata/tandem/stages/wire"
	"github.com/tandemdata/tandem/stages/wire/registry"
)

// job is what the script is told to write.
type job struct {
	Format   string `json:"format"`
	Topic    string `json:"topic"`
	Brokers  string `json:"brokers"`
	Registry string `json:"registry"`
	Schema   string `json:"schema"` // a file
	Seed     int64  `json:"seed"`
	Rows     int    `json:"rows"`
}

// sent is a record that it wrote.
type sent struct {
	Partition int32             `json:"partition"`
	Offset    int64             `json:"offset"`
	Timestamp int64             `json:"timestamp"`
	Delete    bool              `json:"delete"`
	Timed     bool              `json:"timed"`  // it carries an event time
	Stores    []string          `json:"stores"` // that it is for; none: another group's
	Values    map[string]string `json:"values"` // spelled
}

// seed is TANDEM_SEED, or any.
func seed(t *testing.T) int64 {
	n := int64(rand.Uint32())
	if s := os.Getenv("TANDEM_SEED"); s != "" {
		given, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		n = given
	}
	t.Logf("TANDEM_SEED=%d", n)
	return n
}

// write has the script write, and gives what it says it wrote in the log's order.
func (j *job) write(t *testing.T) []sent {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(j.Brokers))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	// The script's timestamps are from long ago: a broker would drop such records at its next round.
	keep := map[string]*string{"retention.ms": kadm.StringPtr("-1")}
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 2, 1, keep, j.Topic); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := servers.Python(t, "testdata/write.py", string(config))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	var list []sent
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	for lines.Scan() {
		var s sent
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		list = append(list, s)
	}
	if len(list) != j.Rows {
		t.Fatalf("the script told of %d records, not %d\n%s", len(list), j.Rows, stderr.Bytes())
	}
	slices.SortFunc(list, func(a, b sent) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return list
}

func (j *job) decode(t *testing.T) stages.Decode {
	t.Helper()
	schema, err := os.ReadFile(j.Schema)
	if err != nil {
		t.Fatal(err)
	}
	d := stages.Decode{
		Group:  feature.Group{Name: "rows", PrimaryKey: []string{"k"}, EventTime: "ts", Order: feature.ByEventTime, Keys: feature.KeysStay},
		Schema: string(schema),
	}
	switch j.Format {
	case "confluent":
		c, err := registry.New(registry.Config{URLs: []string{j.Registry}})
		if err != nil {
			t.Fatal(err)
		}
		d.Format = wire.Confluent{Registry: c}
	case "single-object":
		d.Format = wire.SingleObject{}
	case "hopsworks":
		d.Format = wire.Hopsworks{FeatureGroup: 14}
	}
	return d
}

var formats = []string{"avro", "single-object", "confluent", "hopsworks"}

func newJob(t *testing.T, format, brokers, registry string) *job {
	j := &job{
		Format: format, Brokers: brokers, Registry: registry, Schema: "testdata/row.avsc", Seed: seed(t), Rows: 300,
		Topic: fmt.Sprintf("%s_%d", format, time.Now().UnixNano()),
	}
	if format == "hopsworks" {
		j.Schema = "testdata/hopsworks.avsc"
	}
	return j
}

func TestWhatClientsFromPyPIWriteIsInEveryEmbeddedStore(t *testing.T) {
	cluster, err := kafkatest.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	fake := srfake.New()
	defer fake.Close()
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			j := newJob(t, format, cluster.Brokers()[0], fake.URL())
			list, dir := j.write(t), t.TempDir()
			m := replay(t, j.decode(t), list)
			for name, s := range map[string]stores{
				"memory": {&memstore.Sink{}, &memstore.Sink{For: feature.Offline}},
				"files":  {&sqlite.Sink{File: filepath.Join(dir, "online.db")}, &parquet.Sink{Warehouse: filepath.Join(dir, "warehouse"), CommitRows: 100}},
			} {
				t.Run(name, func(t *testing.T) { m.holds(t, j, s) })
			}
		})
	}
}

func TestWhatClientsFromPyPIWriteToARealKafkaIsInCassandra(t *testing.T) {
	brokers, url, host := servers.Kafka(t), servers.Registry(t), servers.Cassandra(t)
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			j := newJob(t, format, brokers[0], url)
			list := j.write(t)
			replay(t, j.decode(t), list).holds(t, j, stores{
				&cassandra.Sink{Hosts: []string{host}, Keyspace: fmt.Sprintf("t%d", time.Now().UnixNano()), Create: true},
				&parquet.Sink{Warehouse: t.TempDir(), CommitRows: 100},
			})
		})
	}
}
