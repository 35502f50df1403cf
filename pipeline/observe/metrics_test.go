package observe_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/tandemdata/tandem/pipeline/observe"
	"github.com/tandemdata/tandem/pipeline/status"
)

func TestMetricsAreScrapedUnderLoadAndKeepPrometheusRules(t *testing.T) {
	a, b := newScene("a", 2), newScene("b", 1)
	registry := prometheus.NewPedanticRegistry()
	if err := observe.Register(registry, a.g, b.g); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}))
	defer server.Close()
	a.start(t)
	b.start(t)
	var sending sync.WaitGroup
	sending.Go(func() {
		for range 200 {
			a.send(0, 100)
			a.send(1, 100)
		}
	})
	for range 20 {
		scrape(t, server.URL)
	}
	sending.Wait()
	a.sendDead()
	a.await(t, "caught up", caughtUp(40_001))

	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("promtool says %v, %v", problems, err)
	}
	got := values(t, registry)
	for name, want := range map[string]float64{
		`tandem_phase{graph=a,phase=running}`:      1,
		`tandem_ready{graph=a}`:                    1,
		`tandem_lanes{graph=a}`:                    2,
		`tandem_node_rows_total{graph=a,node=log}`: 40_001,
		`tandem_store_rows_total{graph=a,node=offline,outcome=dead,store=offline}`:    1,
		`tandem_dead_letters_total{graph=a,kind=truncated,node=decode}`:               1,
		`tandem_store_freshness_seconds{graph=a,node=online,store=online}`:            40_001,
		`tandem_store_transit_seconds{graph=a,node=offline,store=offline}`:            40_001,
		`tandem_partition_lag_records{graph=a,partition=1,topic=a}`:                   0,
		`tandem_partition_durable_offset{graph=a,node=online,partition=1,topic=a}`:    20_000,
		`tandem_store_lag_seconds{graph=a,node=online,store=online}`:                  0,
		`tandem_node_rows_total{graph=b,node=log}`:                                    0,
		`tandem_store_rows_total{graph=a,node=online,outcome=duplicate,store=online}`: got[`tandem_store_rows_total{graph=a,node=online,outcome=duplicate,store=online}`],
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v (%v), want %v", name, v, ok, want)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(slices.Sorted(maps.Keys(got)), "\n"))
	}
}

func TestAStoreThatIsAwayIsSeenInItsMetrics(t *testing.T) {
	s := newScene("a", 1)
	registry := prometheus.NewPedanticRegistry()
	if err := observe.Register(registry, s.g); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	s.store.broken.Store(true)
	s.send(0, 10)
	s.await(t, "waiting", func(g status.Graph) bool { return g.Nodes[3].Trouble != nil && g.Nodes[3].Retries > 0 })
	got := values(t, registry)
	for _, name := range []string{
		`tandem_node_waiting{graph=a,node=online}`, `tandem_node_retries_total{graph=a,node=online}`,
		`tandem_store_lag_seconds{graph=a,node=online,store=online}`, `tandem_store_stalled_seconds{graph=a,node=online,store=online}`,
	} {
		if got[name] <= 0 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	s.store.broken.Store(false)
	s.await(t, "caught up", caughtUp(10))
	if got := values(t, registry)[`tandem_node_waiting{graph=a,node=online}`]; got != 0 {
		t.Errorf("still waiting: %v", got)
	}
}

func TestTwoGraphsOfOneNameAreRefused(t *testing.T) {
	if err := observe.Register(prometheus.NewRegistry(), newScene("a", 1).g, newScene("a", 1).g); err == nil {
		t.Error("both were registered")
	}
}

func scrape(t *testing.T, url string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v: %s", r.Status, err, body)
	}
}

// values are all series of a registry; of a histogram or a summary its count.
func values(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			out[f.GetName()+"{"+strings.Join(labels, ",")+"}"] = value(f.GetType(), m)
		}
	}
	return out
}

func value(kind dto.MetricType, m *dto.Metric) float64 {
	switch kind {
	case dto.MetricType_COUNTER:
		return m.Counter.GetValue()
	case dto.MetricType_HISTOGRAM:
		return float64(m.Histogram.GetSampleCount())
	case dto.MetricType_SUMMARY:
		return float64(m.Summary.GetSampleCount())
	}
	return m.Gauge.GetValue()
}
