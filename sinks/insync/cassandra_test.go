package insync_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/cassandra"
	"github.com/tandemdata/tandem/sinks/insync"
)

// cluster is a real Cassandra with a keyspace of the test's own, and how a person talks to it.
type cluster struct {
	*cassandra.Sink
	session *gocql.Session
}

func cassandraOf(t testing.TB) cluster {
	t.Helper()
	address := servers.Cassandra(t)
	c := cluster{Sink: &cassandra.Sink{
		Hosts: []string{address}, Keyspace: "verify_" + strconv.FormatUint(rand.Uint64(), 36), Create: true,
		Consistency: "ONE", Timeout: 30 * time.Second, ConnectTimeout: 30 * time.Second,
	}}
	cfg := gocql.NewCluster(address)
	cfg.Timeout, cfg.ConnectTimeout, cfg.Consistency = 30*time.Second, 30*time.Second, gocql.One
	var err error
	if c.session, err = cfg.CreateSession(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.session.Query(`DROP KEYSPACE IF EXISTS "` + c.Keyspace + `"`).Exec(); err != nil {
			t.Error(err)
		}
		c.session.Close()
	})
	return c
}

// do is a person's statement: what it writes is written now.
func (c cluster) do(w *world, query string, args ...any) {
	w.Helper()
	if err := c.session.Query(query, args...).Exec(); err != nil {
		w.Fatal(query, err)
	}
}

func (c cluster) table() string { return `"` + c.Keyspace + `".rows_1` }

// put has a row in the plain table, whatever is there.
func (c cluster) put(w *world, row feature.Stored) {
	w.Helper()
	var amount *int64
	if n, ok := row.Values[2].(int64); ok {
		amount = &n
	}
	v := row.Version
	c.do(w, `UPDATE `+c.table()+` SET tandem_epoch = ?, tandem_partition = ?, tandem_offset = ?, tandem_time = ?, at = ?, amount = ? WHERE id = ?`,
		v.Epoch, v.Partition, v.Offset, row.RecordTime, row.Values[1], amount, row.Values[0])
}

func cassandraByHand(c cluster) []byHand {
	return []byHand{
		{"a row is deleted", insync.MissingOnline, live(func(w *world, _ history, id string) {
			c.do(w, "DELETE FROM "+c.table()+" WHERE id = ?", id)
		})},
		{"a column is changed", insync.Differs, live(func(w *world, _ history, id string) {
			c.do(w, "UPDATE "+c.table()+" SET amount = 5000 WHERE id = ?", id)
		})},
		{"a clock was wrong", insync.Differs, live(func(w *world, h history, id string) {
			c.do(w, "UPDATE "+c.table()+" SET tandem_time = ? WHERE id = ?", h.newest(id).RecordTime+1000, id)
		})},
		{"a row is aged", insync.StaleOnline, func(w *world, h history, id string) bool {
			row, ok := h.older(id)
			if ok = ok && !h.newest(id).Version.Delete; ok {
				c.put(w, row)
			}
			return ok
		}},
		{"a row is resurrected", insync.Undead, func(w *world, h history, id string) bool {
			row, ok := h.older(id)
			if ok = ok && h.newest(id).Version.Delete; ok {
				c.put(w, row)
			}
			return ok
		}},
	}
}

func TestMutationsOfCassandraAreFoundAndNamed(t *testing.T) {
	c := cassandraOf(t)
	w := newWorld(t, seed(t), feature.ByLog, c)
	w.send(600)
	w.run()
	if v := w.verify(); !v.OK() || v.Count[insync.Equal] != v.Keys {
		t.Fatal(v)
	}
	h, want, did := w.history(), map[string]insync.Kind{}, map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(h))[:25] {
		w.byHand(h, id, cassandraByHand(c), did, want)
	}
	if len(did) != len(cassandraByHand(c)) {
		t.Errorf("only these happened: %v", did)
	}
	w.wantFaults(want)
}

// Without the log's ends, a key that is absent is judged when Settle has passed.
func TestPackedRowsThatAreDeletedAreFoundAfterAWhile(t *testing.T) {
	c := cassandraOf(t)
	w := newWorld(t, seed(t), feature.ByEventTime, c)
	w.send(600)
	w.run()
	h, want := w.history(), map[string]insync.Kind{}
	for id := range h {
		if !h.newest(id).Version.Delete && len(want) < 3 {
			c.do(w, "DELETE FROM "+c.table()+" WHERE id = ?", id)
			want[id] = insync.MissingOnline
		}
	}
	s := w.settings()
	s.Ends, s.Settle = nil, time.Second
	v, err := s.Run(t.Context())
	if err != nil || v.Count[insync.MissingOnline] != 3 || v.Found() != 3 {
		t.Error(v, err)
	}
	w.wantFaults(want)
}

func TestThereAreNoFalseAlarmsWhileCassandraIsWritten(t *testing.T) {
	eachOrder(t, func(t *testing.T, o feature.Order) {
		w := newWorld(t, seed(t), o, cassandraOf(t))
		w.send(500)
		w.run()
		stop := w.keepWriting()
		for range 5 {
			if v := w.verify(); !v.OK() {
				t.Error(v)
			}
		}
		stop()
		if v := w.verify(); !v.OK() || v.Count[insync.Equal] != v.Keys {
			t.Errorf("at the end: %v", v)
		}
	})
}
