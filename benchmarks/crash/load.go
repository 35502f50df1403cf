package crash

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sources/kafkatest"
)

const (
	entities   = 400
	partitions = 4
	tick       = 300 // rows of one event time, so that identities come again with other values
)

// sending is a record, and the row that it stands for.
type sending struct {
	*kgo.Record
	row pipelinetest.Row
}

// load makes records: fresh rows, corrections of rows of the same event time, late rows, the same record again, and
// deletes. The same ones for the same seed.
type load struct {
	keys feature.Placement
	rand *rand.Rand
	rows *avrorow.Generator
	enc  *avrorow.Encoder
	n    int
	last [50]sending // any of them may be sent again
}

func newLoad(seed uint64, keys feature.Placement) *load {
	return &load{
		keys: keys, rand: rand.New(rand.NewPCG(seed, 7)), enc: avrorow.NewEncoder(),
		rows: avrorow.Log{Seed: seed, Keys: entities}.Open(),
	}
}

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// make makes the next record, which has no offset yet.
func (l *load) make() sending {
	defer func() { l.n++ }()
	at := begin.Add(time.Duration(l.n/tick) * time.Second)
	switch x := l.rand.IntN(100); {
	case x < 5:
		if again := l.last[l.rand.IntN(len(l.last))]; again.Record != nil {
			twin := *again.Record
			return sending{&twin, again.row}
		}
	case x < 10:
		at = at.Add(-time.Duration(l.rand.IntN(20)) * time.Second)
		return l.upsert(at)
	case x < 12:
		return l.delete(at)
	}
	return l.upsert(at)
}

func (l *load) upsert(at time.Time) sending {
	r := l.rows.Row(at)
	return l.keep(sending{
		&kgo.Record{Key: []byte(r.EntityID), Value: l.enc.Encode(&r), Timestamp: at},
		pipelinetest.Row{Timestamp: at.UnixMilli(), Values: values(&r)},
	})
}

func (l *load) delete(at time.Time) sending {
	r := l.rows.Row(at)
	key := make([]any, len(values(&r)))
	key[0] = r.EntityID
	return l.keep(sending{
		&kgo.Record{Key: []byte(r.EntityID), Timestamp: at},
		pipelinetest.Row{Timestamp: at.UnixMilli(), Op: feature.Delete, Values: key},
	})
}

// keep finds a record its partition, and keeps it to be sent again.
func (l *load) keep(s sending) sending {
	s.Partition = l.partition(s.Key)
	l.last[l.n%len(l.last)] = s
	return s
}

// partition is the key's own, or where keys move any: then members of a group write rows of one identity at once.
func (l *load) partition(key []byte) int32 {
	if l.keys == feature.KeysMove {
		return l.rand.Int32N(partitions)
	}
	h := fnv.New32a()
	_, _ = h.Write(key)
	return int32(h.Sum32() % partitions)
}

// values are those of a row as a column gives them, in the order of avrorow.Schema.
func values(r *avrorow.Row) []any {
	embedding := make([]any, len(r.Embedding))
	for i, f := range r.Embedding {
		embedding[i] = f
	}
	return []any{
		r.EntityID, r.UserID, r.SessionID, r.EventTime.UnixMilli(), r.IngestTime.UnixMilli(), r.Region, r.Device,
		optional(r.Country), r.Score, r.CTR, r.Price, r.F1, optional(r.F2), r.Count1d, r.Count7d, optional(r.Count30d),
		r.Active, r.Age, r.ModelVersion, embedding,
	}
}

func optional[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// Produce sends n records more and returns once the broker has them.
func (w *World) Produce(ctx context.Context, n int) error {
	list := make([]*kgo.Record, n)
	for i := range list {
		s := w.load.make()
		s.Topic = w.Topic
		s.row.TopicPartition = feature.TopicPartition{Topic: w.Topic, Partition: s.Partition}
		s.row.Offset = w.next[s.Partition]
		w.next[s.Partition]++
		w.log.Add(s.row)
		list[i] = s.Record
	}
	w.sent += n
	if err := kafkatest.Produce(ctx, w.brokers, list...); err != nil {
		return fmt.Errorf("produce: %w", err)
	}
	return nil
}
