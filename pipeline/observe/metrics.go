package observe

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/status"
)

// Register has a registry export graphs, each with its name as the label "graph".
// Labels are the names of graphs, nodes and partitions, and the kinds of outcomes
// and dead letters: never what is in a row. Two graphs of one name are an error.
//
// Counters are those of the run, and begin at zero with the next.
func Register(r prometheus.Registerer, graphs ...*pipeline.Graph) error {
	for _, g := range graphs {
		c := collector{g}
		labels := prometheus.Labels{"graph": g.Status().Name}
		if err := prometheus.WrapRegistererWith(labels, r).Register(c); err != nil {
			return err
		}
	}
	return nil
}

// collector asks a graph when Prometheus asks it.
type collector struct{ g *pipeline.Graph }

// Describe lists the metrics.
func (collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range all {
		out <- d
	}
}

// Collect gives their values.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s := c.g.Status()
	e := exporter{out}
	e.graph(s)
	for _, n := range s.Nodes {
		e.node(n)
		if n.Kind == "sink" {
			e.sink(s, n)
		}
	}
	for _, l := range s.Lanes {
		e.lane(l)
	}
	for _, d := range s.DeadLetters {
		e.count(deadLetters, float64(d.Count), d.Node, d.Kind)
	}
}

type exporter struct{ out chan<- prometheus.Metric }

func (e exporter) count(d *prometheus.Desc, v float64, labels ...string) {
	e.out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (e exporter) gauge(d *prometheus.Desc, v float64, labels ...string) {
	e.out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (e exporter) graph(s status.Graph) {
	for _, p := range status.Phases() {
		e.gauge(phase, flag(s.Phase == p), string(p))
	}
	e.gauge(ready, flag(s.Ready(0) == nil))
	e.gauge(memory, float64(s.Memory))
	e.gauge(memoryLimit, float64(s.MemoryBudget))
	e.count(restarts, float64(s.Restarts))
	e.gauge(lanes, float64(len(s.Lanes)))
	if !s.Began.IsZero() {
		e.gauge(began, float64(s.Began.UnixMilli())/1000)
	}
}

func (e exporter) node(n status.Node) {
	e.count(batches, float64(n.Batches), n.Name)
	e.count(rows, float64(n.Rows), n.Name)
	e.count(busy, n.Busy.Seconds(), n.Name)
	e.count(blocked, n.Blocked.Seconds(), n.Name)
	e.count(retries, float64(n.Retries), n.Name)
	e.out <- prometheus.MustNewConstSummary(queued, uint64(n.QueueTimes), float64(n.QueueSum), nil, n.Name)
	e.gauge(waiting, flag(n.Trouble != nil), n.Name)
}

func (e exporter) sink(s status.Graph, n status.Node) {
	t := n.Tally
	for _, o := range outcomes(t) {
		e.count(outcome, float64(o.rows), n.Name, n.Store, o.name)
	}
	e.count(replaced, float64(t.Replaced), n.Name, n.Store)
	for why, count := range t.Reasons.All() {
		e.count(filtered, float64(count), n.Name, n.Store, why)
	}
	e.histogram(fresh, n.Fresh, n.Name, n.Store)
	e.histogram(transit, n.Transit, n.Name, n.Store)
	e.histogram(commit, n.Commits, n.Name, n.Store)
	e.count(races, float64(n.Races), n.Name, n.Store)
	behind, still := 0.0, 0.0
	for _, l := range s.Lanes {
		for _, k := range l.Sinks {
			if k.Sink == n.Name {
				behind, still = max(behind, k.Behind.Seconds()), max(still, k.Still.Seconds())
			}
		}
	}
	e.gauge(lagSeconds, behind, n.Name, n.Store)
	e.gauge(stillSeconds, still, n.Name, n.Store)
}

func (e exporter) lane(l status.Lane) {
	p := partition(l)
	e.gauge(lag, float64(l.Lag()), l.Topic, p)
	e.gauge(position, float64(l.Read), l.Topic, p)
	if l.End >= 0 {
		e.gauge(end, float64(max(l.End, l.Read)), l.Topic, p)
	}
	for _, s := range l.Sinks {
		e.gauge(durable, float64(s.Next), l.Topic, p, s.Sink)
	}
}

func (e exporter) histogram(d *prometheus.Desc, h status.Histogram, labels ...string) {
	buckets, sum := map[float64]uint64{}, uint64(0)
	for i, bound := range status.Bounds {
		sum += uint64(h.Counts[i])
		buckets[bound.Seconds()] = sum
	}
	e.out <- prometheus.MustNewConstHistogram(d, sum+uint64(h.Counts[len(status.Bounds)]), h.Sum.Seconds(), buckets, labels...)
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// counted is one of the six outcomes.
type counted struct {
	name string
	rows int64
}

func outcomes(t feature.Tally) []counted {
	return []counted{
		{"written", t.Written},
		{"duplicate", t.Duplicate},
		{"superseded", t.Superseded},
		{"late", t.Late},
		{"filtered", t.Filtered},
		{"dead", t.Dead},
	}
}
