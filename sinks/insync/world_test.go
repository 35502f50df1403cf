package insync_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/insync"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

const avro = `{"type":"record","name":"row","fields":[
{"name":"id","type":"string"},
{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
{"name":"amount","type":["null","long"]}
]}`

const partitions = 3

// world is a log, a graph that brings its rows into two real stores, and those.
type world struct {
	testing.TB
	rand    *rand.Rand
	group   feature.Group
	schema  *feature.Schema
	log     *memlog.Log
	online  onlineStore
	offline *parquet.Sink
	clock   int64 // of event times and records
	keys    int
}

// onlineStore is one that can be written and read back.
type onlineStore interface {
	pipeline.Sink
	pipeline.KeyReader
}

// seed is TANDEM_SEED, or one at random that the log names.
func seed(t testing.TB) uint64 {
	t.Helper()
	s, err := strconv.ParseUint(os.Getenv("TANDEM_SEED"), 10, 64)
	if err != nil {
		s = rand.Uint64() >> 32
	}
	t.Logf("TANDEM_SEED=%d", s)
	return s
}

func newWorld(t testing.TB, seed uint64, o feature.Order, online onlineStore) *world {
	t.Helper()
	w := &world{
		TB: t, rand: rand.New(rand.NewPCG(seed, 14)), log: memlog.NewLog("rows", partitions), online: online, keys: 50,
		offline: &parquet.Sink{Warehouse: filepath.Join(t.TempDir(), "warehouse"), CommitEvery: 50 * time.Millisecond},
		clock:   time.Now().Add(-time.Hour).UnixMilli(),
		group:   feature.Group{Name: "rows", PrimaryKey: []string{"id"}, EventTime: "at", Order: o, Keys: feature.KeysStay},
	}
	var err error
	if w.schema, err = w.decode().Describe(nil); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) decode() stages.Decode { return stages.Decode{Group: w.group, Schema: avro} }

func sqliteIn(t testing.TB) *sqlite.Sink {
	return &sqlite.Sink{File: filepath.Join(t.TempDir(), "online.db")}
}

// send appends n records: of ten, two are deletes and one is late.
func (w *world) send(n int) {
	for range n {
		key := "key-" + strconv.Itoa(w.rand.IntN(w.keys))
		w.clock += int64(w.rand.IntN(20))
		rec := feature.Record{Key: []byte(key), Timestamp: w.clock}
		switch w.rand.IntN(10) {
		case 0, 1:
		case 2:
			rec.Value = body(key, w.clock-int64(w.rand.IntN(2000)), int64(w.rand.IntN(1000)))
		default:
			rec.Value = body(key, w.clock, int64(w.rand.IntN(1000)))
		}
		w.log.Append(partitionOf(key), rec)
	}
}

// keep appends a row of key that is newer than all, so that its online row is there.
func (w *world) keep(keys ...string) {
	for _, key := range keys {
		w.clock++
		w.log.Append(partitionOf(key), feature.Record{Key: []byte(key), Value: body(key, w.clock, 1), Timestamp: w.clock})
	}
}

func partitionOf(key string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int32(h.Sum32() % partitions)
}

// body is a row as Avro; an amount of 0 is null.
func body(id string, at, amount int64) []byte {
	b := append(binary.AppendVarint(nil, int64(len(id))), id...)
	b = binary.AppendVarint(b, at)
	if amount == 0 {
		return append(b, 0)
	}
	return binary.AppendVarint(append(b, 2), amount)
}

func (w *world) graph(untilEnd bool) *pipeline.Graph {
	g := pipeline.New("rows")
	records := pipeline.From(g, "log", memlog.Source{Log: w.log, UntilEnd: untilEnd, MaxBatch: 64})
	rows := pipeline.Via(records, "decode", w.decode())
	ordered := pipeline.Via(pipeline.Via(rows, "dedup", stages.Dedup{}), "order-guard", stages.OrderGuard{})
	pipeline.Join(g, "commit", stages.Commit{},
		pipeline.To(pipeline.Via(ordered, "gather", stages.Batch{}), "online", w.online),
		pipeline.To(pipeline.Via(ordered, "batch", stages.Batch{}), "offline", w.offline))
	return g
}

// run brings all that was sent into both stores.
func (w *world) run() {
	w.Helper()
	if err := w.graph(true).Run(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// ends is where the log ends.
func (w *world) ends(context.Context) (map[int32]int64, error) {
	out := map[int32]int64{}
	for p := range int32(partitions) {
		_, out[p] = w.log.Bounds(p)
	}
	return out, nil
}

func (w *world) settings() insync.Verify {
	return insync.Verify{Schema: w.schema, Offline: w.offline, Online: w.online, Ends: w.ends, Scratch: w.TempDir(), Memory: 1 << 20}
}

func (w *world) verify() insync.Verdict {
	w.Helper()
	v, err := w.settings().Run(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return v
}

// hidden is an online store that shows no deletes, as Cassandra.
type hidden struct{ onlineStore }

func (hidden) ShowsDeletes() bool { return false }

func (h hidden) ScanKeys(ctx context.Context, s *feature.Schema, do func(*feature.Scanned) error) error {
	return h.onlineStore.ScanKeys(ctx, s, func(rows *feature.Scanned) error {
		out := feature.NewScanned(s)
		for i := range rows.Len() {
			if rows.Versions[i].Delete {
				continue
			}
			if err := out.Add(rows.Row(i)); err != nil {
				return err
			}
		}
		return do(out)
	})
}

func (h hidden) LookUp(ctx context.Context, s *feature.Schema, keys [][]any, do func(feature.Stored) error) error {
	return h.onlineStore.LookUp(ctx, s, keys, func(row feature.Stored) error {
		if row.Version.Delete {
			return nil
		}
		return do(row)
	})
}

var orders = []feature.Order{feature.ByLog, feature.ByEventTime}

func eachOrder(t *testing.T, do func(*testing.T, feature.Order)) {
	for _, o := range orders {
		t.Run(fmt.Sprint(o), func(t *testing.T) { do(t, o) })
	}
}
