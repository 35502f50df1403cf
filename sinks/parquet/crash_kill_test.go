package parquet_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
)

const (
	killWarehouse = "TANDEM_KILL_WAREHOUSE" // set in the process that is killed
	killBatches   = 900
	killPartition = 3
)

// A process that writes, and compacts all the while, is killed again and again,
// anywhere; in the end the table has what it would have had without.
func TestKilledProcessesChangeNothing(t *testing.T) {
	if warehouse := os.Getenv(killWarehouse); warehouse != "" {
		writeKilled(t, warehouse, time.Millisecond)
		return
	}
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("TANDEM_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("seed %d (TANDEM_SEED changes it)", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	warehouse := t.TempDir()
	kills := 0
	for kills < 12 {
		if !killedAfter(t, warehouse, time.Duration(100+random.IntN(500))*time.Millisecond) {
			break
		}
		kills++
	}
	t.Logf("%d kills, %d files in the table's data", kills, len(dataFiles(t, &parquet.Sink{Warehouse: warehouse}, "timed_1")))
	writeKilled(t, warehouse, time.Hour)
	calm := t.TempDir()
	writeKilled(t, calm, time.Hour)
	schema := rowgen.Timed(feature.ByEventTime)
	want(t, scan(t, &parquet.Sink{Warehouse: warehouse}, schema), scan(t, &parquet.Sink{Warehouse: calm}, schema))
	sameTotals(t, warehouse, calm, schema)
	if n, m := countArrow(t, &parquet.Sink{Warehouse: warehouse}, "timed_1"), len(scan(t, &parquet.Sink{Warehouse: calm}, schema)); n != m {
		t.Errorf("another reader sees %d rows, want %d", n, m)
	}
}

// sameTotals compares what the tables say they have counted: whatever was
// crashed through, each row was read once.
func sameTotals(t *testing.T, a, b string, schema *feature.Schema) {
	t.Helper()
	x, y := open(t, &parquet.Sink{Warehouse: a}, schema), open(t, &parquet.Sink{Warehouse: b}, schema)
	for p := range int32(killPartition) {
		k, c := x.lane(p).Resumed.Sinks["offline"], y.lane(p).Resumed.Sinks["offline"]
		if k.Next != c.Next || k.Tally.Read != c.Tally.Read || !k.Tally.Balanced() {
			t.Errorf("partition %d: %+v, without a kill %+v", p, k, c)
		}
	}
}

// killedAfter runs a process that writes, and reports whether it was killed
// before its end.
func killedAfter(t *testing.T, warehouse string, d time.Duration) bool {
	c := exec.Command(os.Args[0], "-test.run=^TestKilledProcessesChangeNothing$")
	c.Env = append(os.Environ(), killWarehouse+"="+warehouse)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(d, func() { _ = c.Process.Kill() })
	defer kill.Stop()
	err := c.Wait()
	if err != nil && c.ProcessState.Exited() {
		t.Fatalf("the process failed by itself: %v", err)
	}
	return err != nil
}

// writeKilled writes what the table lacks of all batches.
func writeKilled(t *testing.T, warehouse string, every time.Duration) {
	s := &parquet.Sink{Warehouse: warehouse, CommitEvery: every, FileRows: 200}
	x := open(t, s, rowgen.Timed(feature.ByEventTime))
	if every < time.Second {
		defer compactBeside(t, s, x.schema)()
	}
	lanes := make([]int64, killPartition)
	for p := range lanes {
		lanes[p] = x.next(int32(p))
	}
	write := make([]func(*feature.Rows), killPartition)
	for p := range write {
		l := x.lane(int32(p))
		write[p] = func(rows *feature.Rows) { x.write(l, rows) }
	}
	for i := range int64(killBatches) {
		p := int(i) % killPartition
		from := i / killPartition * 20
		if from < lanes[p] {
			continue
		}
		g := &rowgen.Gen{Schema: x.schema, Seed: uint64(i), Keys: 30, Times: 20, Deletes: 10}
		write[p](g.Batch(at(int32(p)), from, 20))
		if every < time.Second && i%9 == 8 {
			x.flush()
		}
	}
	x.flush()
	x.close()
}

// compactBeside compacts until it is stopped.
func compactBeside(t *testing.T, s *parquet.Sink, schema *feature.Schema) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	beside.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.Compact(ctx, schema); err != nil && ctx.Err() == nil && !pipeline.IsTransient(err) {
				t.Error(err)
				return
			}
		}
	})
	return func() { cancel(); beside.Wait() }
}
