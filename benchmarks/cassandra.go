package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
)

const (
	cassandraRows = 1000 // a batch
	warmUp        = 30   // a JVM is slow at first
)

// measureCassandra is the sink beside gocql at its best, with the same table and
// the same timestamps: single inserts, and unlogged batches.
func (s *suite) measureCassandra(ctx context.Context) error {
	host, err := s.aCassandra(ctx)
	if err != nil {
		return err
	}
	p := newPool(feature.ByLog, 1, cassandraRows, 1<<40)
	sink := &cassandra.Sink{Hosts: []string{host}, Keyspace: fmt.Sprintf("bench_%d", time.Now().UnixNano()), Create: true, Layout: cassandra.Plain}
	through, closeSink, err := cassandraSink(ctx, sink, p, s.batches())
	if err != nil {
		return err
	}
	defer closeSink()
	d, err := connect(sink)
	if err != nil {
		return err
	}
	defer d.Close()
	stmt, args := driverArgs(p.batches[0], sink.Keyspace)
	all := []contestant{through}
	for _, how := range []struct{ rows, inFlight int }{{1, 256}, {10, 16}, {10, 256}, {20, 16}} {
		chunks := slices.Collect(slices.Chunk(args, how.rows))
		all = append(all, raw(fmt.Sprintf("gocql, %d rows a request, %d in flight", how.rows, how.inFlight), d, stmt, chunks, how.inFlight, s.batches()))
	}
	s.progress("cassandra: warming up")
	for range warmUp {
		for _, c := range all {
			if _, _, err := trial(ctx, c); err != nil {
				return err
			}
		}
	}
	f, err := s.turns(ctx, "sink, Cassandra, rows of 20 columns", all...)
	if err != nil {
		return err
	}
	best := slices.MinFunc(f[2:], func(a, b *figure) int { return int(a.median() - b.median()) })
	s.reached(overGocql, f[0], f[1], best)
	return nil
}

// batches is how many a trial of a store of its own process takes.
func (s *suite) batches() int { return 20 }

func cassandraSink(ctx context.Context, sink *cassandra.Sink, p pool, batches int) (contestant, func(), error) {
	var durable atomic.Int64
	w, err := openSink(ctx, sink, p.schema(), func(d feature.SpanTally) { durable.Add(d.Written) })
	if err != nil {
		return contestant{}, nil, err
	}
	lane := newLane(0)
	return contestant{"cassandra sink", func(ctx context.Context, c *clock) (int64, error) {
		before := durable.Load()
		c.start()
		for range batches {
			if err := w.Write(ctx, lane, p.at(0)); err != nil {
				return 0, err
			}
		}
		err := w.Flush(ctx)
		c.stop()
		return durable.Load() - before, err
	}}, func() { _ = w.Close() }, nil
}

// raw sends the same rows through gocql alone. What it counts was acknowledged.
func raw(name string, d *gocql.Session, stmt string, chunks [][][]any, inFlight, batches int) contestant {
	return contestant{name, func(ctx context.Context, c *clock) (int64, error) {
		var acknowledged atomic.Int64
		c.start()
		for range batches {
			if err := sendAll(ctx, d, stmt, chunks, inFlight, &acknowledged); err != nil {
				return 0, err
			}
		}
		c.stop()
		return acknowledged.Load(), nil
	}}
}

func sendAll(ctx context.Context, d *gocql.Session, stmt string, chunks [][][]any, inFlight int, acknowledged *atomic.Int64) error {
	var next atomic.Int64
	var sending sync.WaitGroup
	failed := make(chan error, inFlight)
	for range inFlight {
		sending.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(chunks)); i = next.Add(1) - 1 {
				if err := send(ctx, d, stmt, chunks[i]); err != nil {
					failed <- err
					return
				}
				acknowledged.Add(int64(len(chunks[i])))
			}
		})
	}
	sending.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func send(ctx context.Context, d *gocql.Session, stmt string, rows [][]any) error {
	if len(rows) == 1 {
		return d.Query(stmt, rows[0]...).WithContext(ctx).Exec()
	}
	b := d.NewBatch(gocql.UnloggedBatch).WithContext(ctx)
	for _, args := range rows {
		b.Query(stmt, args...)
	}
	return d.ExecuteBatch(b)
}

func connect(s *cassandra.Sink) (*gocql.Session, error) {
	cfg := gocql.NewCluster(s.Hosts...)
	cfg.Keyspace, cfg.Consistency, cfg.Timeout = s.Keyspace, gocql.One, 10*time.Second
	cfg.PoolConfig.HostSelectionPolicy = gocql.TokenAwareHostPolicy(gocql.RoundRobinHostPolicy())
	return cfg.CreateSession()
}

// driverArgs are a plain table's arguments in Go's own types, for gocql to marshal.
func driverArgs(rows *feature.Rows, keyspace string) (string, [][]any) {
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
		out[i] = []any{(v.Offset + 1) << 11, 0, v.Epoch, v.Partition, v.Offset, rows.Records[i].Timestamp}
		for c := range s.Fields {
			if c != key {
				out[i] = append(out[i], rows.Columns[c].Value(i))
			}
		}
		out[i] = append(out[i], rows.Columns[key].Value(i))
	}
	set := `"` + strings.Join(names, `" = ?, "`) + `" = ?`
	return fmt.Sprintf(`UPDATE "%s"."%s" USING TIMESTAMP ? AND TTL ? SET %s WHERE "%s" = ?`, keyspace, s.Group.Table(), set, s.Fields[key].Name), out
}
