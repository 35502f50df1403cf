package pipelinetest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// compacted has the brokers themselves take records out of the middle of a log
// that ends with an aborted transaction: before anything is read, and after
// what is read already, so that a lane begins in a gap.
func (w *kafkaWorld) compacted() {
	w.cleanOften()
	w.createCompactable()
	for range 2 {
		w.produce(160, kgo.TryCommit)
		w.produce(20, kgo.TryAbort)
		w.compact()
		w.drains(w.source())
		w.readToTheEnd()
	}
	w.drains(w.source()) // nothing is left, and that is no loss
	w.faults.fired(w, "a record taken", "a gap at the start of a lane", "a gap in the middle", "a gap at the end")
}

// cleanerPause is how long the cleaner rests when it has found no work.
const cleanerPause = "log.cleaner.backoff.ms"

// cleanOften has it look every 50 ms, not every 15 s. An embedded broker takes
// that at its start only.
func (w *kafkaWorld) cleanOften() {
	often := kadm.AlterConfig{Op: kadm.SetConfig, Name: cleanerPause, Value: kadm.StringPtr("50")}
	r, err := w.admin.AlterBrokerConfigs(context.Background(), []kadm.AlterConfig{often})
	w.must(err)
	for _, one := range r {
		w.must(one.Err)
	}
}

// createCompactable makes a topic in which every transaction's marker begins a
// segment: the last one is never compacted, and holds no rows.
func (w *kafkaWorld) createCompactable() {
	w.name += "_compacted"
	_, err := w.admin.CreateTopic(context.Background(), int32(w.partitions), 1, map[string]*string{
		"retention.ms": kadm.StringPtr("-1"), "segment.ms": kadm.StringPtr("1"), "min.cleanable.dirty.ratio": kadm.StringPtr("0.001"),
		"delete.retention.ms": kadm.StringPtr("100000000000000"), // deletes are of 1970 too
	}, w.name)
	w.must(err)
}

// compact returns once each partition has only the last record of each key, and
// nothing compacts it any more. The log is told what nobody can read now.
func (w *kafkaWorld) compact() {
	w.Helper()
	before := count(w.left())
	w.policy("compact")
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	late := time.After(time.Minute)
	left := w.left()
	for ; !unique(left); left = w.left() {
		select {
		case <-look.C:
		case <-late:
			w.Fatal("the topic is not compacted")
		}
	}
	w.policy("delete")
	w.faults["a record taken"] += before - count(left)
	for p, end := range w.ends() {
		w.lose(p, left[p], end)
	}
}

func (w *kafkaWorld) policy(cleanup string) {
	set := kadm.AlterConfig{Op: kadm.SetConfig, Name: "cleanup.policy", Value: &cleanup}
	r, err := w.admin.AlterTopicConfigs(context.Background(), []kadm.AlterConfig{set}, w.name)
	w.must(err)
	for _, one := range r {
		w.must(one.Err)
	}
}

// lose notes the gaps of a partition after what is read already.
func (w *kafkaWorld) lose(p int32, left []*kgo.Record, end int64) {
	held, _, err := w.keeper.Progress(context.Background(), w.name, p)
	w.must(err)
	start := held.Counted
	at := start
	gap := func(to int64, fault string) {
		if at < to {
			w.sent.Lose(feature.TopicPartition{Topic: w.name, Partition: p}, feature.Span{From: at, To: to})
			w.faults[fault]++
		}
	}
	for _, r := range left {
		switch {
		case r.Offset < start:
			continue
		case at == start:
			gap(r.Offset, "a gap at the start of a lane")
		default:
			gap(r.Offset, "a gap in the middle")
		}
		at = r.Offset + 1
	}
	gap(end, "a gap at the end")
}

// readToTheEnd fails unless both stores hold all before the end of the log, gaps included.
func (w *kafkaWorld) readToTheEnd() {
	w.Helper()
	for p, end := range w.ends() {
		held, _, err := w.keeper.Progress(context.Background(), w.name, p)
		if w.must(err); held.Counted != end {
			w.Errorf("partition %d: read to %d, and the log ends at %d", p, held.Counted, end)
		}
	}
}

// ends are where the partitions end for those who read what is committed.
func (w *kafkaWorld) ends() map[int32]int64 {
	w.Helper()
	stable, err := w.admin.ListCommittedOffsets(context.Background(), w.name)
	w.must(errors.Join(err, stable.Error()))
	out := map[int32]int64{}
	for p, o := range stable[w.name] {
		out[p] = o.Offset
	}
	return out
}

// left are the committed records that the brokers still have, by partition. It
// takes a log that ends with a marker.
func (w *kafkaWorld) left() map[int32][]*kgo.Record {
	w.Helper()
	from, ends := map[int32]kgo.Offset{}, w.ends()
	for p := range ends {
		from[p] = kgo.NewOffset().AtStart()
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(w.brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{w.name: from}))
	w.must(err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out := map[int32][]*kgo.Record{}
	for len(ends) > 0 {
		fetched := client.PollFetches(ctx)
		w.must(fetched.Err())
		for _, r := range fetched.Records() {
			if !r.Attrs.IsControl() {
				out[r.Partition] = append(out[r.Partition], r)
			}
			if r.Offset >= ends[r.Partition]-1 {
				delete(ends, r.Partition)
			}
		}
	}
	return out
}

func count(left map[int32][]*kgo.Record) (n int) {
	for _, list := range left {
		n += len(list)
	}
	return n
}

// unique reports whether no partition has two records of one key.
func unique(left map[int32][]*kgo.Record) bool {
	for _, list := range left {
		keys := make([]string, len(list))
		for i, r := range list {
			keys[i] = string(r.Key)
		}
		slices.Sort(keys)
		if len(slices.Compact(keys)) < len(list) {
			return false
		}
	}
	return true
}
