package main

import (
	"context"
	"errors"
	"hash/fnv"
	"log/slog"
	"sync"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages"
)

const (
	poolRows = 512 << 10 // different rows, made once
	keys     = 20_000
)

var quiet = slog.New(slog.DiscardHandler)

func group() feature.Group {
	g := avrorow.Group()
	g.Order, g.Keys = feature.ByEventTime, feature.KeysStay
	return g
}

// work is how every benchmark decodes.
func work() stages.Decode { return stages.Decode{Group: group(), Schema: avrorow.Schema} }

// schema is that of the rows that work decodes.
var schema = sync.OnceValues(func() (*feature.Schema, error) { return work().Describe(nil) })

// bodies are encoded rows, made once; offsets are set anew by those who use them.
var bodies = sync.OnceValue(func() []feature.Record {
	return avrorow.Log{Seed: 1, Keys: keys, Late: 0.02, Duplicate: 0.02}.Open().Records(poolRows)
})

// partitionOf is where the records of a key lie.
func partitionOf(key []byte, partitions int) int32 {
	h := fnv.New32a()
	_, _ = h.Write(key)
	return int32(h.Sum32() % uint32(partitions))
}

// byPartition parts records by their keys, as the indexes of each partition's.
func byPartition(pool []feature.Record, partitions int) [][]int32 {
	parts := make([][]int32, partitions)
	for i := range pool {
		p := partitionOf(pool[i].Key, partitions)
		parts[p] = append(parts[p], int32(i))
	}
	return parts
}

// batch is the n-th hand-over of a partition, with the offsets that follow. Part
// are the partition's records in the pool; nil: all.
func batch(pool []feature.Record, part []int32, p int32, n, rows int) feature.Records {
	from := int64(n) * int64(rows)
	list := make([]feature.Record, rows)
	for i := range list {
		at := int(from) + i
		if part == nil {
			list[i] = pool[at%len(pool)]
		} else {
			list[i] = pool[part[at%len(part)]]
		}
		list[i].Offset = from + int64(i)
	}
	return feature.Records{
		TopicPartition: feature.TopicPartition{Topic: "rows", Partition: p},
		Span:           feature.Span{From: from, To: from + int64(rows)}, List: list,
	}
}

// load is what a graph is given: as many batches in each partition.
type load struct {
	pool                      []feature.Record
	parts                     [][]int32
	partitions, batches, size int
}

// loadOf cuts rows into batches of a size, at least one a partition.
func loadOf(pool []feature.Record, rows, partitions, size int) load {
	return load{pool, byPartition(pool, partitions), partitions, max(rows/partitions/size, 1), size}
}

func (f load) rows() int64 { return int64(f.partitions) * int64(f.batches) * int64(f.size) }

// Check is part of pipeline.Source.
func (f load) Check() error { return nil }

// Run pushes every batch of every partition.
func (f load) Run(ctx context.Context, in *pipeline.SourceNode) error {
	var lanes sync.WaitGroup
	errs := make([]error, f.partitions)
	for p := range f.partitions {
		lanes.Go(func() { errs[p] = f.lane(ctx, in, int32(p)) })
	}
	lanes.Wait()
	return errors.Join(errs...)
}

func (f load) lane(ctx context.Context, in *pipeline.SourceNode, p int32) error {
	at := feature.TopicPartition{Topic: "rows", Partition: p}
	if _, _, err := in.Progress(ctx, at.Topic, at.Partition); err != nil { // of new stores, which hold nothing
		return err
	}
	ready := make(chan struct{}, 1)
	l, err := in.Open(pipeline.LaneConfig{
		Lane: feature.Lane{TopicPartition: at},
		Ready: func() {
			select {
			case ready <- struct{}{}:
			default:
			}
		},
	})
	if err != nil {
		return err
	}
	for n := range f.batches {
		b := batch(f.pool, f.parts[p], p, n, f.size)
		for full := l.Push(b.List, b.Span); full; full = l.Full() {
			select {
			case <-ready:
			case <-ctx.Done():
				return nil
			}
		}
	}
	in.End(l)
	<-l.Done
	return nil
}
