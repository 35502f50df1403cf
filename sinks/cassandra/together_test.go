package cassandra_test

import (
	"sync"
	"testing"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
)

// Processes of one group start together, and each may find the table half made by another.
func TestManyMayMakeTheTableAtOnce(t *testing.T) {
	for range 3 {
		for _, order := range []feature.Order{feature.ByLog, feature.ByEventTime} {
			s, schema := freshSink(t), rowgen.Timed(order)
			var all sync.WaitGroup
			for range 6 {
				all.Go(func() {
					own := cassandra.Sink{Hosts: s.Hosts, Keyspace: s.Keyspace, Create: true}
					w, err := own.Open(t.Context(), node(schema, nil))
					if err != nil {
						t.Error(err)
						return
					}
					if err := w.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
	}
}
