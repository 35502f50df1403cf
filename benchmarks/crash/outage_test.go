package crash_test

import (
	"testing"
	"time"

	"github.com/tandemdata/tandem/benchmarks/crash"
	"github.com/tandemdata/tandem/internal/servers"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// A network that is cut, slow or resets connections costs time and no rows, before either server.
func TestABadNetworkCostsTimeAndNoRows(t *testing.T) {
	store, broker := servers.StartCassandra(t), servers.StartKafka(t)
	w := crash.NewTestOn(t, broker.Addr(), store.Addr(), feature.ByEventTime, feature.KeysStay)
	kafka, cassandra := proxy(t, broker), proxy(t, store)
	w.Broker, w.Cassandra = kafka.Addr, cassandra.Addr
	c := w.Start(w.Job)
	w.Held(1)

	for _, f := range []struct {
		name  string
		begin func() error
		says  string // how it shows; otherwise in that rows go on, which can't get to the stores but through the proxies
	}{
		{"kafka cut off", kafka.Cut, crash.NoBroker},
		{"kafka late", func() error { return kafka.Delay(100 * time.Millisecond) }, ""},
		{"kafka slow", func() error { return kafka.Slow(200) }, ""},
		{"cassandra cut off", cassandra.Cut, crash.NotTaken},
		{"cassandra late", func() error { return cassandra.Delay(50 * time.Millisecond) }, ""},
		{"cassandra slow", func() error { return cassandra.Slow(20) }, ""},
		{"cassandra resets connections", func() error { return cassandra.Reset(0) }, crash.NotTaken},
		{"kafka hangs up", kafka.HangUp, crash.Dropped},
		{"kafka resets connections", func() error { return kafka.Reset(0) }, crash.Dropped},
	} {
		t.Log(f.name)
		before := c.Says(f.says)
		w.Must(f.begin())
		if f.says != "" {
			w.Said(c, f.says, before+1)
		} else {
			w.Produce(1000)
			w.CaughtUp()
		}
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
