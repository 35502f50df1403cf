package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/sinks/memory"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// childOrder is what a child process is to read, in the variable of that name.
const childOrder = "TANDEM_BENCHMARK_CHILD"

type order struct {
	Brokers   []string
	Topic     string
	Rows      int64
	Warehouse string
}

// measureMemory is the peak memory of a process that works off a backlog from a
// Kafka outside of it, at default settings, into a table.
func (s *suite) measureMemory(ctx context.Context) error {
	brokers, err := s.aKafka(ctx)
	if err != nil {
		return err
	}
	few, many, lanesRows := 1_000_000, 5_000_000, 2_000_000
	if s.long {
		many = 20_000_000
	}
	small, err := s.peak(ctx, brokers, few, 4)
	if err != nil {
		return err
	}
	large, err := s.peak(ctx, brokers, many, 4)
	if err != nil {
		return err
	}
	s.reachedAt(memoryRows, single(large/small), fmt.Sprintf("%s rows : %s rows", short(int64(many)), short(int64(few))))
	narrow, err := s.peak(ctx, brokers, lanesRows, 4)
	if err != nil {
		return err
	}
	wide, err := s.peak(ctx, brokers, lanesRows, 64)
	if err != nil {
		return err
	}
	s.reachedAt(memoryLanes, single(wide/narrow), fmt.Sprintf("of %s rows", short(int64(lanesRows))))
	return nil
}

// peak is the most memory that a child process had at a time, in MiB.
func (s *suite) peak(ctx context.Context, brokers string, rows, partitions int) (float64, error) {
	name := fmt.Sprintf("backlog-%d-%d-%d", rows, partitions, os.Getpid())
	s.progress("memory: producing %s rows in %d partitions", short(int64(rows)), partitions)
	client, err := produce(ctx, brokers, name, rows, partitions)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	defer kadm.NewClient(client).DeleteTopics(context.WithoutCancel(ctx), name)
	dir, err := os.MkdirTemp("", "benchmarks-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	s.progress("memory: a process works off %s rows in %d partitions", short(int64(rows)), partitions)
	mib, err := s.inChild(ctx, order{strings.Split(brokers, ","), name, int64(rows), dir})
	if err == nil {
		s.note("peak memory of a process, MiB", fmt.Sprintf("%s rows, %d partitions", short(int64(rows)), partitions), "", single(mib))
	}
	return mib, err
}

func produce(ctx context.Context, brokers, name string, rows, partitions int) (*kgo.Client, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.DefaultProduceTopic(name), kgo.MaxBufferedRecords(50_000))
	if err != nil {
		return nil, err
	}
	forEver := map[string]*string{"retention.ms": kadm.StringPtr("-1")}
	if _, err := kadm.NewClient(client).CreateTopic(ctx, int32(partitions), 1, forEver, name); err != nil {
		client.Close()
		return nil, err
	}
	failed := make(chan error, 1)
	log := avrorow.Log{Seed: 1, Keys: 5 * keys, Late: 0.01, Duplicate: 0.01}.Open()
	for i := range rows {
		r := log.Next()
		client.Produce(ctx, &kgo.Record{Partition: int32(i % partitions), Key: r.Key, Value: r.Value}, func(_ *kgo.Record, err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		client.Close()
		return nil, err
	}
	select {
	case err := <-failed:
		client.Close()
		return nil, err
	default:
		return client, nil
	}
}

// inChild has this same program work a backlog off, and gives its peak memory.
func (s *suite) inChild(ctx context.Context, o order) (mib float64, err error) {
	text, err := json.Marshal(o)
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = append(os.Environ(), childOrder+"="+string(text))
	cmd.Stderr = os.Stderr
	said, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("the child process: %w", err)
	}
	var kib int64
	if _, err := fmt.Sscan(string(said), &kib); err != nil {
		return 0, fmt.Errorf("the child process said %q of its memory: %w", said, err)
	}
	return float64(kib) / 1024, nil
}

// highWater is the most memory that this process had at a time, in KiB. What
// wait4 tells of a child is no use: at exec Linux leaves in it what the parent
// had when it forked.
func highWater() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(after, &kib); err != nil {
		return 0, fmt.Errorf("/proc/self/status: VmHWM: %w", err)
	}
	return kib, nil
}

// runChild is the life of a child process, which says its peak memory last.
func runChild(ctx context.Context, text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	g := wire(topic{o.Brokers, o.Topic, o.Rows}.source(), work(), &memory.Sink{Discard: true}, &parquet.Sink{Warehouse: o.Warehouse})
	if err := g.Run(ctx); err != nil {
		return err
	}
	if read := g.Ledger().Read; read != o.Rows {
		return fmt.Errorf("%d rows were counted in the stores, want %d", read, o.Rows)
	}
	kib, err := highWater()
	if err != nil {
		return err
	}
	_, err = fmt.Println(kib)
	return err
}
