package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"time"

	"github.com/google/pprof/profile"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/measure"
)

// nodes is a graph that was measured, with the CPU time of each node.
type nodes struct {
	title string
	measure.Report
	cpu map[string]time.Duration // by node; "" is what runs outside of them
}

// measureNodes is where the time of a graph goes: one run, with a CPU profile
// that knows the nodes.
func (s *suite) measureNodes(ctx context.Context, title string, source pipeline.Source, to stores) error {
	s.progress("%s: node by node", title)
	online, offline, done, err := to()
	if err != nil {
		return err
	}
	defer done()
	var cpu bytes.Buffer
	if s.cpuProfile == "" { // the process has one profile at a time
		if err := pprof.StartCPUProfile(&cpu); err != nil {
			return err
		}
	}
	m, err := measure.Run(ctx, wire(source, work(), online, offline))
	if s.cpuProfile != "" {
		s.nodes = append(s.nodes, nodes{title: title, Report: m})
		return err
	}
	pprof.StopCPUProfile()
	if err != nil {
		return err
	}
	by, err := byNode(cpu.Bytes())
	s.nodes = append(s.nodes, nodes{title, m, by})
	return err
}

// byNode adds a CPU profile up by its label "node".
func byNode(text []byte) (map[string]time.Duration, error) {
	p, err := profile.ParseData(text)
	if err != nil {
		return nil, fmt.Errorf("read the CPU profile: %w", err)
	}
	by := map[string]time.Duration{}
	for _, sample := range p.Sample {
		name := ""
		if labels := sample.Label["node"]; len(labels) > 0 {
			name = labels[0]
		}
		by[name] += time.Duration(sample.Value[1])
	}
	return by, nil
}

func (s *suite) measureAllNodes(ctx context.Context) error {
	err := s.measureNodes(ctx, "in-process-parquet", loadOf(bodies(), s.rows, s.partitions, s.batch), inParquet)
	if err != nil {
		return err
	}
	t, done, err := filled(ctx, s.partitions, s.rows)
	if err != nil {
		return err
	}
	defer done()
	return s.measureNodes(ctx, "online-offline", t.source(), inBoth)
}
