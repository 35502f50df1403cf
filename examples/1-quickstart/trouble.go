package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// start is the event time of the first record; each is a millisecond after the
// one before.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// recent is how many records back a duplicate reaches.
const recent = 1000

// maker makes the records of the log: the same ones each time. Most are new
// rows in order, and among them is what goes wrong in practice.
type maker struct {
	rand     *rand.Rand
	entities int
	made     int
	last     []*kgo.Record // that can be sent again
}

func newMaker(entities int) *maker {
	return &maker{rand: rand.New(rand.NewPCG(1, 20)), entities: entities}
}

func (m *maker) next() (*kgo.Record, error) {
	now := start.Add(time.Duration(m.made) * time.Millisecond)
	m.made++
	var rec *kgo.Record
	var err error
	switch x := m.rand.Float64(); {
	case x < 0.02: // late: from before the first record
		rec, err = m.row(start.Add(-time.Duration(m.made) * time.Millisecond))
	case x < 0.05 && len(m.last) > 0: // sent twice
		twin := m.last[m.rand.IntN(len(m.last))]
		rec = m.record(string(twin.Key), twin.Value)
	case x < 0.055: // a delete
		rec = m.record(m.entity(), nil)
	case x < 0.0551: // cut short on the way
		rec, err = m.row(now)
		if err == nil {
			rec.Value = rec.Value[:m.rand.IntN(len(rec.Value))]
		}
	default:
		rec, err = m.row(now)
		m.remember(rec)
	}
	if err == nil {
		rec.Timestamp = now
	}
	return rec, err
}

func (m *maker) entity() string { return fmt.Sprintf("entity-%010d", m.rand.IntN(m.entities)) }

func (m *maker) row(at time.Time) (*kgo.Record, error) {
	r := randomRow(m.rand, m.entity(), at)
	body, err := r.encode()
	return m.record(r.EntityID, body), err
}

// record goes to the partition of its key, as with any producer that hashes keys.
func (m *maker) record(key string, value []byte) *kgo.Record {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return &kgo.Record{Topic: topic, Partition: int32(h.Sum32() % partitions), Key: []byte(key), Value: value}
}

func (m *maker) remember(rec *kgo.Record) {
	if len(m.last) < recent {
		m.last = append(m.last, rec)
		return
	}
	m.last[m.made%recent] = rec
}
