package crash_test

import (
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/crash"
	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// A network that is cut, slow or resets connections costs time and no rows, before either server.
func TestABadNetworkCostsTimeAndNoRows(t *testing.T) {
	store, broker := servers.StartCassandra(t), servers.StartKafka(t)
	w := crash.NewTestOn(t, broker.Addr(), store.Addr(), feature.ByEventTime)
	kafka, cassandra := proxy(t, broker), proxy(t, store)
	w.Broker, w.Cassandra = kafka.Addr, cassandra.Addr
	c := w.Start(w.Job)
	w.Held(1)

	noticed := func(text string) func() {
		return func() { w.Said(c, text, 1+c.Says(text)) }
	}
	// Nothing gets to the stores but through the proxies: what got there went slowly.
	passed := func() {
		w.Produce(1000)
		w.CaughtUp()
	}
	for _, f := range []struct {
		name  string
		begin func() error
		seen  func()
	}{
		{"kafka cut off", kafka.Cut, noticed(crash.NoBroker)},
		{"kafka late", func() error { return kafka.Delay(100 * time.Millisecond) }, passed},
		{"kafka slow", func() error { return kafka.Slow(200) }, passed},
		{"cassandra cut off", cassandra.Cut, noticed(crash.NotTaken)},
		{"cassandra late", func() error { return cassandra.Delay(50 * time.Millisecond) }, passed},
		{"cassandra slow", func() error { return cassandra.Slow(20) }, passed},
		{"cassandra resets connections", func() error { return cassandra.Reset(0) }, noticed(crash.NotTaken)},
		{"kafka resets connections", func() error { return kafka.Reset(0) }, noticed(crash.Dropped)},
	} {
		t.Log(f.name)
		w.Must(f.begin())
		f.seen()
		w.Must(kafka.Mend())
		w.Must(cassandra.Mend())
		w.Produce(500)
		w.CaughtUp()
	}
	w.Must(c.Leave())
	w.Settle()
}

func proxy(t *testing.T, s *servers.Server) *crash.Proxy {
	t.Helper()
	p, err := crash.NewProxy(s.Own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}
