package cassandra_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/sinktest"
)

// BenchmarkSink is the sink as every sink is measured.
func BenchmarkSink(b *testing.B) {
	sinktest.Bench(b, func(t testing.TB) sinktest.Target { return freshSink(t) })
}

// BenchmarkWrite sends the same 1,000 rows of 20 columns through the sink and through plain gocql in its fastest ways,
// with the same table and timestamps; gocql's arguments are made beforehand. They take turns, so that a machine or a
// server that gets slower or faster does so for all, and the sink stands in twice: what the two of it differ by is
// noise. What is counted are acknowledged rows.
//
//	go test ./sinks/cassandra/ -run '^$' -bench Write -benchtime 200x
func BenchmarkWrite(b *testing.B) {
	servers.Cassandra(b)
	for _, layout := range []cassandra.Layout{cassandra.Plain, cassandra.Packed} {
		b.Run(layout.String(), func(b *testing.B) { benchTurns(b, layout) })
	}
}

const benchRows = 1000

// contestant is one way to write the batch.
type contestant struct {
	name  string
	write func()
	took  []float64 // seconds
}

func benchTurns(b *testing.B, layout cassandra.Layout) {
	g := &rowgen.Gen{Schema: rowgen.Realistic(feature.ByLog), Keys: 1 << 40, Seed: 1}
	rows := g.Batch(feature.TopicPartition{Topic: "rows"}, 0, benchRows)
	s := freshSink(b)
	s.Layout = layout
	w := open(b, s, rows.Schema)
	through := func() { write(b, w, rows) }
	all := []*contestant{{name: "sink", write: through}, {name: "sink-again", write: through}}
	stmt, args := driverArgs(rows, s.Keyspace, layout)
	c := driver(b, s)
	for _, how := range []struct{ rows, inFlight int }{{1, 256}, {10, 16}, {10, 256}, {20, 16}} {
		chunks := slices.Collect(slices.Chunk(args, how.rows))
		all = append(all, &contestant{
			name:  fmt.Sprintf("gocql-%dx%d", how.rows, how.inFlight),
			write: func() { sendAll(b, c, stmt, chunks, how.inFlight) },
		})
	}
	for range 30 { // a JVM is slow at first
		for _, c := range all {
			c.write()
		}
	}
	turns := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		// One leaves work behind for the next, in the server and in the garbage collector.
		turns.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, c := range all {
			begun := time.Now()
			c.write()
			c.took = append(c.took, time.Since(begun).Seconds())
		}
	}
	for _, c := range all {
		slices.Sort(c.took)
		b.ReportMetric(benchRows/c.took[len(c.took)/2], c.name+"-rows/s")
	}
}

func sendAll(b *testing.B, c *gocql.Session, stmt string, chunks [][][]any, inFlight int) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range inFlight {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(chunks)); i = next.Add(1) - 1 {
				if err := send(c, stmt, chunks[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func driver(b *testing.B, s *cassandra.Sink) *gocql.Session {
	cfg := gocql.NewCluster(s.Hosts...)
	cfg.Keyspace, cfg.Consistency = s.Keyspace, gocql.One
	cfg.PoolConfig.HostSelectionPolicy = gocql.TokenAwareHostPolicy(gocql.RoundRobinHostPolicy())
	c, err := cfg.CreateSession()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}

func send(c *gocql.Session, stmt string, rows [][]any) error {
	if len(rows) == 1 {
		return c.Query(stmt, rows[0]...).Exec()
	}
	b := c.NewBatch(gocql.UnloggedBatch)
	for _, args := range rows {
		b.Query(stmt, args...)
	}
	return c.ExecuteBatch(b)
}

// driverArgs are the arguments in Go's own types, for gocql to marshal.
func driverArgs(rows *feature.Rows, keyspace string, layout cassandra.Layout) (string, [][]any) {
	s := rows.Schema
	key := s.Keys()[0]
	names := []string{"tandem_epoch", "tandem_partition", "tandem_offset", "tandem_time"}
	for c, f := range s.Fields {
		if c != key {
			names = append(names, f.Name)
		}
	}
	out := make([][]any, rows.Len())
	for i := range out {
		v := rows.Version(i)
		values := []any{v.Epoch, v.Partition, v.Offset, rows.Records[i].Timestamp}
		for c := range s.Fields {
			if c != key {
				values = append(values, rows.Columns[c].Value(i))
			}
		}
		if layout == cassandra.Packed {
			packed := map[string]any{"tandem_order": fmt.Appendf(nil, "%016d", v.Offset)}
			for j, name := range names {
				packed[name] = values[j]
			}
			values = []any{packed}
		}
		out[i] = append(append([]any{(v.Offset + 1) << 11, 0}, values...), rows.Columns[key].Value(i))
	}
	if layout == cassandra.Packed {
		names = []string{"tandem_row"}
	}
	set := `"` + strings.Join(names, `" = ?, "`) + `" = ?`
	return fmt.Sprintf(`UPDATE "%s"."%s" USING TIMESTAMP ? AND TTL ? SET %s WHERE "%s" = ?`, keyspace, s.Group.Table(), set, s.Fields[key].Name), out
}
