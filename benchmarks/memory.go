package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/avrorow"
)

// backlog is a topic that a process works off.
type backlog struct {
	rows, partitions int
	limit            string    // GOMEMLIMIT of the process; empty: none
	peaks            []float64 // MiB, round by round
}

// memoryLimit is what a process is told to keep to where it is told so: a
// little less than it would take by itself.
const memoryLimit = "300MiB"

// memoryRounds of the backlogs in turns: a process's peak is where its collector
// happened to be behind, so that no single one says much.
const memoryRounds = 3

// measureMemory is the peak memory of a process that works off a backlog from a
// Kafka outside of it, at default settings, into a table; and the same of one
// that the collector keeps to a limit.
func (s *suite) measureMemory(ctx context.Context) error {
	brokers, err := s.aKafka(ctx)
	if err != nil {
		return err
	}
	many := 5_000_000
	if s.long {
		many = 20_000_000
	}
	few, lots, narrow, wide := &backlog{rows: 1_000_000, partitions: 4}, &backlog{rows: many, partitions: 4},
		&backlog{rows: 2_000_000, partitions: 4}, &backlog{rows: 2_000_000, partitions: 64}
	limitedFew, limitedLots := &backlog{rows: few.rows, partitions: 4, limit: memoryLimit}, &backlog{rows: many, partitions: 4, limit: memoryLimit}
	all := []*backlog{few, lots, narrow, wide, limitedFew, limitedLots}
	for _, b := range all[:4] {
		s.progress("memory: producing %s", b)
		remove, err := b.fill(ctx, brokers)
		if err != nil {
			return err
		}
		defer remove()
	}
	for round := range memoryRounds {
		for _, b := range all {
			s.progress("memory: a process works off %s, round %d of %d", b, round+1, memoryRounds)
			if err := b.workOff(ctx, brokers); err != nil {
				return err
			}
		}
	}
	for _, b := range all {
		s.note("peak memory of a process, MiB", b.String(), "", spreadOf(b.peaks))
	}
	s.reachedAt(memoryRows, times(spreadOf(lots.peaks), spreadOf(few.peaks)), fmt.Sprintf("%s rows : %s rows; %.2f with GOMEMLIMIT=%s",
		short(int64(many)), short(int64(few.rows)), median(limitedLots.peaks)/median(limitedFew.peaks), memoryLimit))
	s.reachedAt(memoryLanes, times(spreadOf(wide.peaks), spreadOf(narrow.peaks)), fmt.Sprintf("of %s rows", short(int64(wide.rows))))
	return nil
}

func (b *backlog) String() string {
	text := fmt.Sprintf("%s rows, %d partitions", short(int64(b.rows)), b.partitions)
	if b.limit != "" {
		text += ", GOMEMLIMIT=" + b.limit
	}
	return text
}

func (b *backlog) topic() string {
	return fmt.Sprintf("backlog-%d-%d-%d", b.rows, b.partitions, os.Getpid())
}

// fill makes the topic, which is gone once remove is called.
func (b *backlog) fill(ctx context.Context, brokers string) (remove func(), err error) {
	client, err := produce(ctx, brokers, b.topic(), b.rows, b.partitions)
	if err != nil {
		return nil, err
	}
	return func() {
		_, _ = kadm.NewClient(client).DeleteTopics(context.WithoutCancel(ctx), b.topic()) // the broker is ours, or its retention's
		client.Close()
	}, nil
}

// workOff has a child process do it, and notes the most memory that it had at a time.
func (b *backlog) workOff(ctx context.Context, brokers string) error {
	dir, err := os.MkdirTemp("", "benchmarks-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	mib, err := inChild(ctx, order{strings.Split(brokers, ","), b.topic(), int64(b.rows), dir}, b.limit)
	b.peaks = append(b.peaks, mib)
	return err
}

func produce(ctx context.Context, brokers, name string, rows, partitions int) (*kgo.Client, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
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
	for range rows {
		r := log.Next()
		client.Produce(ctx, &kgo.Record{Key: r.Key, Value: r.Value}, func(_ *kgo.Record, err error) {
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
