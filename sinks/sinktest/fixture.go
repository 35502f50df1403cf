package sinktest

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest/rowmodel"
)

const (
	nodeName  = "sink"
	topicName = "rows"
	topicID   = "2f6a7c1e"
)

// fixture is one fresh store and the order that its rows have.
type fixture struct {
	*testing.T
	target Target
	order  feature.Order
}

// seed is the test's own, unless TANDEM_SEED says otherwise. It is printed.
func (f *fixture) seed(n uint64) uint64 {
	f.Helper()
	if s, err := strconv.ParseUint(os.Getenv("TANDEM_SEED"), 10, 64); err == nil {
		n = s
	}
	f.Logf("seed %d (TANDEM_SEED changes it)", n)
	return n
}

// gen makes rows of a partition. By log a key stays in its partition, by event
// time the partitions share keys: that is how far each order's promise reaches.
func (f *fixture) gen(s *feature.Schema, seed uint64, partition int32) *rowgen.Gen {
	g := &rowgen.Gen{Schema: s, Seed: seed + uint64(partition), Keys: 40, Deletes: 10, Gaps: true}
	if f.order == feature.ByLog {
		g.FirstKey = 1000 * int(partition)
	}
	return g
}

// batches are the next n batches of a partition, in log order.
func batches(g *rowgen.Gen, partition int32, n, rows int) []*feature.Rows {
	from := int64(partition) << 33
	var out []*feature.Rows
	for range n {
		b := g.Batch(at(partition), from, rows)
		from = b.Span().To
		out = append(out, b)
	}
	return out
}

func at(partition int32) feature.TopicPartition {
	return feature.TopicPartition{Topic: topicName, Partition: partition}
}

// scan reads the store, and fails on an identity that is there twice.
func (f *fixture) scan(s *feature.Schema) map[string]feature.Stored {
	f.Helper()
	got, err := scan(f.Context(), f.target, s)
	if err != nil {
		f.Fatalf("scan: %v", err)
	}
	out := make(map[string]feature.Stored, len(got))
	for _, row := range got {
		id := rowmodel.Identity(s, f.target.Store(), row)
		if twin, ok := out[id]; ok {
			f.Errorf("twice in the store: %s and %s", rowmodel.Describe(s, twin), rowmodel.Describe(s, row))
		}
		out[id] = row
	}
	return out
}

func scan(ctx context.Context, target Target, s *feature.Schema) ([]feature.Stored, error) {
	var out []feature.Stored
	for row, err := range target.Scan(ctx, s) {
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// holds fails unless the store holds exactly what the model says.
func (f *fixture) holds(m *model) {
	f.Helper()
	report(f, "the store differs from the rows sent", differences(m.Schema, m.Visible(), f.scan(m.Schema)))
}

// persist tries again what fails for the moment, as the graph does.
func persist(ctx context.Context, try func() error) error {
	wait := 10 * time.Millisecond
	for {
		err := try()
		if !pipeline.IsTransient(err) || wait > 2*time.Second {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
			wait *= 2
		}
	}
}
