package cassandra_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sinks/cassandra"
)

// freshSink is a sink on a keyspace of its own, which goes when the test does.
func freshSink(t testing.TB) *cassandra.Sink {
	t.Helper()
	return freshSinkAt(t, servers.Cassandra(t))
}

func freshSinkAt(t testing.TB, address string) *cassandra.Sink {
	t.Helper()
	s := &cassandra.Sink{
		Hosts: []string{address}, Keyspace: "test_" + strconv.FormatUint(rand.Uint64(), 36), Create: true,
		Consistency: "ONE", Timeout: 30 * time.Second, ConnectTimeout: 30 * time.Second,
	}
	t.Cleanup(func() {
		c := session(t, s)
		defer c.Close()
		if err := c.Query(`DROP KEYSPACE IF EXISTS "` + s.Keyspace + `"`).Exec(); err != nil {
			t.Errorf("drop the test's keyspace: %v", err)
		}
	})
	return s
}

// session is a plain gocql session, for what the sink itself must not be asked.
func session(t testing.TB, s *cassandra.Sink) *gocql.Session {
	t.Helper()
	cfg := gocql.NewCluster(s.Hosts...)
	cfg.Timeout, cfg.ConnectTimeout = 30*time.Second, 30*time.Second
	cfg.Consistency = gocql.One
	c, err := cfg.CreateSession()
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	return c
}

// node counts what a writer reports as durable.
func node(schema *feature.Schema, durable func([]feature.SpanTally)) *pipeline.SinkNode {
	report := func(_ *feature.Lane, done []feature.SpanTally) {
		if durable != nil {
			durable(done)
		}
	}
	return new(pipelinetest.Lanes).SinkNode("online", schema, report, func(error) {})
}

func lane(p feature.TopicPartition) *feature.Lane {
	return &feature.Lane{TopicPartition: p}
}

func open(t testing.TB, s *cassandra.Sink, schema *feature.Schema) pipeline.Writer {
	t.Helper()
	w, err := s.Open(t.Context(), node(schema, nil))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// write writes a copy of the rows on a lane of their place.
func write(t testing.TB, w pipeline.Writer, rows *feature.Rows) {
	t.Helper()
	if err := w.Write(t.Context(), lane(rows.TopicPartition), rows.Fork()); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func scan(t testing.TB, s *cassandra.Sink, schema *feature.Schema) []feature.Stored {
	t.Helper()
	var out []feature.Stored
	for row, err := range s.Scan(t.Context(), schema) {
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		out = append(out, row)
	}
	return out
}
