package cassandra_test

import (
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// Nothing is reported durable of a batch that fails, and the same batch is written once the server is back.
func TestAServerThatDoesNotAnswerIsTransient(t *testing.T) {
	server := servers.StartCassandra(t)
	s := freshSinkAt(t, server.Addr())
	s.Timeout = 3 * time.Second
	schema := rowgen.Timed(feature.ByEventTime)
	durable := 0
	w, err := s.Open(t.Context(), node(schema, func(done []feature.SpanTally) { durable += len(done) }))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	rows := (&rowgen.Gen{Schema: schema, Seed: 1, Keys: 100}).Batch(feature.TopicPartition{Topic: "rows"}, 0, 300)
	l := lane(rows.TopicPartition)
	fails := func(what string) {
		t.Helper()
		if err := w.Write(t.Context(), l, rows); !pipeline.IsTransient(err) || durable != 0 {
			t.Fatalf("%s: %v, %d spans durable: want a transient error and none", what, err, durable)
		}
	}
	server.Pause()
	fails("paused")
	server.Continue()
	server.Stop()
	fails("stopped")
	server.Restart()
	for deadline := time.Now().Add(time.Minute); durable == 0; {
		err := w.Write(t.Context(), l, rows)
		if err != nil && (!pipeline.IsTransient(err) || time.Now().After(deadline)) {
			t.Fatalf("back again: %v", err)
		}
	}
	if got := scan(t, s, schema); len(got) == 0 || len(got) > 100 {
		t.Errorf("%d rows of 100 keys", len(got))
	}
}
