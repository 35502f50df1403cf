package crash

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tandemdata/tandem/internal/avrorow"
	"github.com/tandemdata/tandem/internal/embedkafka"
	"github.com/tandemdata/tandem/pipeline/feature"
)

const (
	keys       = 400
	partitions = 4
	tick       = 300 // rows of one event time, so that identities come again with other values
)

// load makes records: fresh rows, corrections of rows of the same event time, late rows, the same record again, and
// deletes. The same ones for the same seed.
type load struct {
	order feature.Order
	rand  *rand.Rand
	rows  *avrorow.Generator
	enc   *avrorow.Encoder
	n     int
	last  [50]*kgo.Record
}

func newLoad(seed uint64, o feature.Order) *load {
	return &load{
		order: o, rand: rand.New(rand.NewPCG(seed, 7)), enc: avrorow.NewEncoder(),
		rows: avrorow.Log{Seed: seed, Keys: keys}.Open(),
	}
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (l *load) next() *kgo.Record {
	at := epoch.Add(time.Duration(l.n/tick) * time.Second)
	x := l.rand.IntN(100)
	if again := l.last[l.rand.IntN(len(l.last))]; x < 5 && again != nil {
		l.n++
		return &kgo.Record{Partition: again.Partition, Key: again.Key, Value: again.Value, Timestamp: again.Timestamp}
	}
	if x < 10 {
		at = at.Add(-time.Duration(l.rand.IntN(20)) * time.Second)
	}
	row := l.rows.Row(at)
	r := &kgo.Record{Key: []byte(row.EntityID), Value: l.enc.Encode(&row), Timestamp: at}
	if x > 97 {
		r.Value = nil
	}
	r.Partition = l.partition(r.Key)
	l.last[l.n%len(l.last)] = r
	l.n++
	return r
}

// partition is the key's own by log. By event time it is any: then members of a group write rows of one key at once.
func (l *load) partition(key []byte) int32 {
	if l.order == feature.ByEventTime {
		return l.rand.Int32N(partitions)
	}
	h := fnv.New32a()
	_, _ = h.Write(key)
	return int32(h.Sum32() % partitions)
}

// Produce sends n records more and returns once the broker has them.
func (w *World) Produce(ctx context.Context, n int) error {
	list := make([]*kgo.Record, n)
	for i := range list {
		list[i] = w.load.next()
		list[i].Topic = w.Topic
	}
	if err := embedkafka.Produce(ctx, w.brokers, list...); err != nil {
		return fmt.Errorf("produce: %w", err)
	}
	w.sent = append(w.sent, list...)
	return nil
}
