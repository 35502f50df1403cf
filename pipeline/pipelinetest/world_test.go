package pipelinetest_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

const avro = `{"type":"record","name":"row","fields":[
{"name":"id","type":"string"},
{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
{"name":"amount","type":["null","long"]}
]}`

// target is a store of either kind, as a sink and as what readers see of it.
type target interface {
	pipeline.Sink
	pipelinetest.Store
}

// world is a topic, the two stores, and what was sent.
type world struct {
	testing.TB
	rand    *rand.Rand
	schema  *feature.Schema
	topic   *memlog.Log
	sent    *pipelinetest.Log
	rows    []pipelinetest.Row // of the first epoch, to be sent again in a later one
	epoch   int32
	online  target
	offline target
	keeper  pipeline.ProgressStore
	faults  faults

	partitions, keys, times int
	deletes, dead           int // of 100 records
}

// seeds gives n seeds, as many as TANDEM_RUNS says, or the one that TANDEM_SEED
// names.
func seeds(t testing.TB, n int) []uint64 {
	t.Helper()
	if s, err := strconv.ParseUint(os.Getenv("TANDEM_SEED"), 10, 64); err == nil {
		return []uint64{s}
	}
	if runs, err := strconv.Atoi(os.Getenv("TANDEM_RUNS")); err == nil {
		n = runs
	}
	from := rand.Uint64() >> 32
	t.Logf("seeds from %d (TANDEM_SEED=… replays one)", from)
	out := make([]uint64, n)
	for i := range out {
		out[i] = from + uint64(i)
	}
	return out
}

// newWorld has the rows of a key in one partition, which two of three seeds also say by event
// time; with the third the stages can't rely on it, and they lie in any.
func newWorld(t testing.TB, seed uint64, o feature.Order, online, offline target) *world {
	t.Helper()
	keys := feature.KeysStay
	if o == feature.ByEventTime && seed%3 == 2 {
		keys = feature.KeysMove
	}
	return newWorldOf(t, seed, o, keys, online, offline)
}

func newWorldOf(t testing.TB, seed uint64, o feature.Order, keys feature.Placement, online, offline target) *world {
	t.Helper()
	s, err := decode(o, keys).Describe(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		TB: t, rand: rand.New(rand.NewPCG(seed, 3)), schema: s, sent: pipelinetest.NewLog(s), online: online, offline: offline,
		faults: faults{}, partitions: 2, keys: 10, times: 12, deletes: 10, dead: 2,
	}
	keeper, closeKeeper, err := pipelinetest.OpenKeeper(context.Background(), offline, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closeKeeper() })
	w.keeper = keeper
	made, err := online.Open(context.Background(), new(pipelinetest.Lanes).SinkNode("maker", s, nil, nil))
	if err == nil {
		err = made.Close() // the watcher finds a table from the start
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func decode(o feature.Order, keys feature.Placement) stages.Decode {
	return stages.Decode{Schema: avro, Group: feature.Group{Name: "rows", PrimaryKey: []string{"id"}, EventTime: "at", Order: o, Keys: keys}}
}

// send appends n random records to the topic.
func (w *world) send(n int) {
	if w.topic == nil {
		w.topic = memlog.NewLog("rows", w.partitions)
	}
	for range n {
		p, key := w.someKey()
		w.sendRow(p, key, int64(w.rand.IntN(w.times)), w.rand.IntN(100))
	}
}

// someKey is a key, and a partition for its next row.
func (w *world) someKey() (int32, string) {
	k := w.rand.IntN(w.keys)
	return w.partitionOf(k), fmt.Sprintf("key-%d", k)
}

// partitionOf is the partition of a key's next row: where keys stay always the same.
func (w *world) partitionOf(key int) int32 {
	if w.schema.Group.KeysStay() {
		return int32(key % w.partitions)
	}
	return w.rand.Int32N(int32(w.partitions))
}

// sendRow appends one record, of a kind that x out of 100 says.
func (w *world) sendRow(p int32, key string, at int64, x int) {
	_, offset := w.topic.Bounds(p)
	row, rec := w.row(p, key, at, x)
	row.Offset = offset
	w.rows = append(w.rows, row)
	w.sent.Add(row)
	w.topic.Append(p, rec)
}

// sendFuture appends a row of two hours after its record, which stays history.
func (w *world) sendFuture() {
	p, key := w.someKey()
	_, offset := w.topic.Bounds(p)
	at := int64(2 * time.Hour / time.Millisecond)
	row := pipelinetest.Row{
		TopicPartition: feature.TopicPartition{Topic: "rows", Partition: p}, Offset: offset, Timestamp: 1,
		Values: []any{key, 1 + at, int64(0)}, Stores: []feature.Store{feature.Offline},
	}
	w.sent.Add(row)
	w.topic.Append(p, feature.Record{Key: []byte(key), Timestamp: 1, Value: encode(row.Values)})
}

func (w *world) row(p int32, key string, at int64, x int) (pipelinetest.Row, feature.Record) {
	row := pipelinetest.Row{
		TopicPartition: feature.TopicPartition{Topic: "rows", Partition: p, Epoch: w.epoch}, Timestamp: at,
		Values: []any{key, at, int64(w.rand.IntN(4))},
	}
	rec := feature.Record{Key: []byte(key), Timestamp: at}
	switch {
	case x < w.deletes:
		row.Op, row.Values = feature.Delete, []any{key, nil, nil}
	case x < w.deletes+w.dead:
		row.Dead, rec.Value = true, []byte{200}
	default:
		if w.rand.IntN(5) == 0 {
			row.Values[2] = nil
		}
		rec.Value = encode(row.Values)
	}
	return row, rec
}

// encode writes a row as the schema has it.
func encode(values []any) []byte {
	id := values[0].(string)
	b := append(binary.AppendVarint(nil, int64(len(id))), id...)
	b = binary.AppendVarint(b, values[1].(int64))
	if amount, ok := values[2].(int64); ok {
		return binary.AppendVarint(binary.AppendVarint(b, 1), amount)
	}
	return binary.AppendVarint(b, 0)
}

// raise has the whole topic read again in a new epoch.
func (w *world) raise() {
	w.epoch++
	for i := range w.rows {
		w.rows[i].Epoch = w.epoch
	}
	w.sent.Add(w.rows...)
}

func (w *world) oracle() pipelinetest.Oracle {
	return pipelinetest.Oracle{
		Log: w.sent, Online: w.online, Offline: w.offline, Keeper: w.keeper,
		Committed: func(_ context.Context, p int32) (int64, bool, error) {
			next, known := w.topic.Committed(p)
			return next, known && w.epoch == 0, nil // it may still be of the epoch before
		},
	}
}

// holds fails unless the stores are what the log makes of them.
func (w *world) holds() {
	w.Helper()
	if err := w.oracle().Check(context.Background()); err != nil {
		w.Fatal(err)
	}
}
