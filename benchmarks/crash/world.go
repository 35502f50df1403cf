package crash

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/stages"
)

// World is a topic, the two stores that are to be in step with it, and what was sent. It belongs to one goroutine.
type World struct {
	Job // what children do, unless they are told otherwise

	// MayFail lets children fail, as they do when a server is away at their start.
	MayFail bool

	brokers []string // without a proxy before them
	host    string   // Cassandra's, likewise
	dir     string
	schema  *feature.Schema
	load    *load
	log     *pipelinetest.Log
	next    [partitions]int64 // offsets
	sent    int
	group   *observer

	children []*Process // all that were started
}

// NewWorld makes a topic of its own for records of a seed, in a group of its own. What is left of it is in dir.
func NewWorld(ctx context.Context, broker, host, dir string, seed uint64, o feature.Order, keys feature.Placement) (*World, error) {
	schema, err := stages.Decode{Group: group(o, keys), Schema: avrorow.Schema}.Describe(nil)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("crash_%d", time.Now().UnixNano())
	w := &World{
		Job: Job{
			Broker: broker, Topic: name, Group: name, Order: o, Keys: keys,
			Cassandra: host, Keyspace: name, Warehouse: filepath.Join(dir, "warehouse"),
		},
		brokers: []string{broker}, host: host, dir: dir, schema: schema, load: newLoad(seed, keys), log: pipelinetest.NewLog(schema),
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		return nil, err
	}
	w.group = &observer{kadm.NewClient(client), name}
	forEver := map[string]*string{"retention.ms": kadm.StringPtr("-1")} // its rows are of long ago
	_, err = w.group.CreateTopic(ctx, partitions, 1, forEver, name)
	return w, err
}

// Close lets go of the connections.
func (w *World) Close() { w.group.Close() }

// Sent is how many records there are.
func (w *World) Sent() int { return w.sent }

// Started is how many children there were.
func (w *World) Started() int { return len(w.children) }

// failure is why a child ended by itself that should be at work.
func (w *World) failure() error {
	if w.MayFail {
		return nil
	}
	for _, p := range w.children {
		if err := p.failed(); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) file(name string) string { return filepath.Join(w.dir, name) }
